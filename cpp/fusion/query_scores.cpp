#include "fusion/query_scores.h"

#include <cmath>

#include "fusion/float_planes.h"
#include "support/math.h"

namespace panfuse::fusion {
namespace {

struct Best {
    std::size_t channel = 0;
    float value = 0.0f;
};

// The first of the greatest, where NaN is greater than anything.
Best first_greatest(const std::vector<float>& values) {
    Best best{0, values[0]};
    for (std::size_t i = 1; i < values.size(); ++i)
        if (!(values[i] <= best.value) && !std::isnan(best.value)) best = {i, values[i]};
    return best;
}

}  // namespace

std::vector<Query> keep_queries(const ArrayView& class_logits, const QueryRules& rules) {
    ArrayView plane = class_logits;
    plane.rank = 3;
    plane.shape = {1, class_logits.shape[0], class_logits.shape[1]};
    plane.strides = {0, class_logits.strides[0], class_logits.strides[1]};
    const FloatPlanes rows(plane);
    const auto channels = static_cast<std::size_t>(class_logits.shape[1]);
    const bool has_none = rules.score == QueryScore::softmax;
    std::vector<float> copy(channels), values(channels);
    std::vector<Query> queries;
    for (std::int64_t q = 0; q < class_logits.shape[0]; ++q) {
        const float* const logits = rows.read(0, q, 0, channels, copy.data());
        if (has_none)
            softmax(logits, channels, values.data());
        else
            for (std::size_t c = 0; c < channels; ++c) values[c] = sigmoid(logits[c]);
        Best best = first_greatest(values);
        const float test = best.value;
        if (rules.score == QueryScore::sigmoid_softmax) {
            std::vector<float> scaled(channels);
            for (std::size_t c = 0; c < channels; ++c) scaled[c] = values[c] / rules.temperature;
            softmax(scaled.data(), channels, values.data());
            best = first_greatest(values);
        }
        if (test > rules.threshold && !(has_none && best.channel + 1 == channels))
            queries.push_back({static_cast<std::int32_t>(q),
                               static_cast<std::int32_t>(best.channel), best.value});
    }
    return queries;
}

}  // namespace panfuse::fusion

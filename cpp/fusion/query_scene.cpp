#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "fusion/query_tiles.h"
#include "support/math.h"

namespace panfuse::fusion {
namespace {

constexpr std::size_t most_narrow = 127;  // queries whose codes fit 8 bits

// The least float at which `holds`, which is monotone, by bisection over the order of floats.
template <class Holds>
float first_float(Holds&& holds) {
    const auto of = [](std::int64_t key) {
        const auto bits = static_cast<std::uint32_t>(key < 0 ? -key : key);
        return std::bit_cast<float>(bits | (key < 0 ? 0x80000000u : 0u));
    };
    std::int64_t low = -0x7F800000ll, high = 0x7F800000ll;
    if (holds(of(low))) return of(low);
    while (high - low > 1) {
        const std::int64_t middle = (low + high) / 2;
        (holds(of(middle)) ? high : low) = middle;
    }
    return of(high);
}

// The sigmoid is monotone but for its last bits, so that it decides itself beside the threshold.
QueryThreshold threshold_of(float probability) {
    if (!(probability > 0.0f))
        return {probability, -std::numeric_limits<float>::infinity(),
                -std::numeric_limits<float>::infinity()};
    const float at = first_float([&](float x) { return sigmoid(x) >= probability; });
    const float margin = 1e-4f * std::max(1.0f, std::fabs(at));
    return {probability, at - margin, at + margin};
}

// Tiles that sample few rows of the source are made twice as high.
std::int64_t height_of_tiles(const Chain& chain, std::int64_t height) {
    constexpr std::int64_t low = 16, high = 32;
    if (height < high) return low;
    return chain.source_rows({0, high - 1}).size() <= 12 ? high : low;
}

}  // namespace

QueryScene::QueryScene(const ArrayView& mask_logits, const std::vector<ResizeStep>& steps,
                       std::vector<Query> queries, const QueryRules& given)
    : height(steps.back().cropped_height),
      width(steps.back().cropped_width),
      stride((static_cast<std::size_t>(width) + query_tile_width - 1) / query_tile_width *
             query_tile_width),
      wide(queries.size() > most_narrow),
      planes(mask_logits),
      kept(std::move(queries)),
      rules(given),
      threshold(threshold_of(given.mask_threshold)),
      full(make_chain(mask_logits.shape[1], mask_logits.shape[2], steps)),
      brief(without_identities(full)),
      tile_height(height_of_tiles(full, height)) {
    for (const Query& query : kept) {
        scores.push_back(query.score);
        logs.push_back(static_cast<float>(std::log(static_cast<double>(query.score))));
    }
    for (std::int64_t left = 0; left < width; left += query_tile_width) {
        const Span columns{left,
                           std::min(left + static_cast<std::int64_t>(query_tile_width), width) - 1};
        tiles.push_back(plan_columns(brief, columns, planes.width()));
        sources.push_back(full.source_columns(columns));
    }
}

}  // namespace panfuse::fusion

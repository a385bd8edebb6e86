#include "fusion/fuse_votes.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "fusion/float_planes.h"
#include "fusion/foreground.h"
#include "fusion/key_map.h"
#include "fusion/plane_views.h"
#include "fusion/value_codes.h"
#include "fusion/vote.h"

namespace panfuse::fusion {
namespace {

// Weights are added up as whole multiples of 2^-30, in whatever order.
constexpr double weight_unit = 0x1p30;

// Where instances are among the values of their map.
struct Owners {
    std::vector<std::uint16_t> of_code;
    std::vector<std::int64_t> numbers;

    explicit Owners(const std::vector<std::int64_t>& values) {
        if (!values.empty() && values.front() < 0)
            throw std::invalid_argument("instances: expected ids of 0 or more, got " +
                                        std::to_string(values.front()));
        for (const std::int64_t value : values) {
            if (value != 0) numbers.push_back(value);
            of_code.push_back(static_cast<std::uint16_t>(value == 0 ? 0 : numbers.size()));
        }
        if (numbers.size() > most_owners)
            throw std::invalid_argument("instances: expected at most " +
                                        std::to_string(most_owners) + " instances, got " +
                                        std::to_string(numbers.size()));
    }
};

// Reads what pixels of a stretch weigh.
class Weights {
  public:
    Weights(const ArrayView& weights, const labeling::Shape& shape, bool channels)
        : shape_(shape), row_(static_cast<std::size_t>(shape.width)) {
        const std::int64_t count = channels ? weights.shape[0] : 1;
        for (std::int64_t i = 0; i < count; ++i)
            planes_.emplace_back(as_planes(channels ? part_of(weights, i) : weights));
    }

    std::size_t channels() const { return planes_.size(); }

    // The sum over pixels [begin, end) of one row; `valid` becomes false where one is not in [0,
    // 1].
    std::uint64_t sum(std::size_t channel, std::int64_t begin, std::int64_t end, bool& valid) {
        const std::int64_t row = begin / shape_.width;
        const auto n = static_cast<std::size_t>(end - begin);
        const float* const values =
            planes_[channel].read(static_cast<std::size_t>(row / shape_.height),
                                  row % shape_.height, begin % shape_.width, n, row_.data());
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const bool fits = values[i] >= 0.0f && values[i] <= 1.0f;
            valid = valid && fits;
            total += static_cast<std::uint64_t>(
                static_cast<double>(fits ? values[i] : 0.0f) * weight_unit + 0.5);
        }
        return total;
    }

  private:
    labeling::Shape shape_;
    std::vector<FloatPlanes> planes_;
    std::vector<float> row_;
};

// One thread's part of the work.
struct Worker {
    CodeRows semantic, instances;
    std::optional<ForegroundRows> foreground;
    std::vector<std::uint16_t> codes;
    std::optional<Weights> weights;
    std::vector<std::uint64_t> sums;  // by owner and class

    Worker(const VoteFusion& fusion, const ValueCodes& classes, const ValueCodes& owners,
           const labeling::Shape& shape)
        : semantic(classes), instances(owners), codes(static_cast<std::size_t>(shape.width)) {
        if (fusion.foreground) foreground.emplace(*fusion.foreground);
        if (fusion.weights)
            weights.emplace(*fusion.weights, shape, fusion.weights->rank > fusion.semantic.rank);
    }
};

// The labels of a vote over channels are the channels; `codes` are those of the values.
void take_channels(std::int64_t channels, const std::vector<std::int64_t>& values,
                   const ClassRules& rules, std::vector<std::uint16_t>& codes) {
    for (std::size_t code = 0; code < values.size(); ++code) {
        const bool ignored =
            std::binary_search(rules.ignored.begin(), rules.ignored.end(), values[code]);
        if (!ignored && (values[code] < 0 || values[code] >= channels))
            throw std::invalid_argument("weights: expected a channel for each label, got " +
                                        std::to_string(channels) + " channels and the label " +
                                        std::to_string(values[code]));
        // What is ignored comes after the channels.
        codes[code] = static_cast<std::uint16_t>(ignored ? channels : values[code]);
    }
}

}  // namespace

Fused fuse_votes(const VoteFusion& fusion, std::int32_t* ids, int threads) {
    const labeling::Shape shape = labeling::shape_of(fusion.semantic);
    const ValueCodes classes(fusion.semantic, most_classes, "semantic", threads);
    const ValueCodes instances(fusion.instances, most_owners + 1, "instances", threads);
    const Owners owners(instances.values());
    const bool channels = fusion.weights && fusion.weights->rank > fusion.semantic.rank;

    Election election;
    election.rules = fusion.rules;
    election.rank = fusion.semantic.rank;
    election.weighted = fusion.weights.has_value();
    election.numbers = owners.numbers;
    election.labels = classes.values();
    std::vector<std::uint16_t> codes(election.labels.size());
    for (std::size_t code = 0; code < codes.size(); ++code)
        codes[code] = static_cast<std::uint16_t>(code);
    if (channels) {
        const std::int64_t count = fusion.weights->shape[0];
        if (count >= static_cast<std::int64_t>(most_classes))
            throw std::invalid_argument("weights: expected fewer than 32768 channels, got " +
                                        std::to_string(count));
        take_channels(count, classes.values(), fusion.classes, codes);
        election.labels.clear();
        for (std::int64_t k = 0; k < count; ++k) election.labels.push_back(k);
    }
    election.classes = classes_of(election.labels, fusion.classes);
    if (channels) {
        election.labels.push_back(0);
        election.classes.emplace_back();
    }
    const std::size_t count = election.classes.size();
    if (!fusion.foreground && fusion.things_are_foreground)
        for (auto& code : codes)
            if (election.classes[code].kind == Class::Kind::thing)
                code = static_cast<std::uint16_t>(code | foreground_bit);

    std::vector<std::unique_ptr<Worker>> workers(static_cast<std::size_t>(threads));
    const auto width = static_cast<std::size_t>(shape.width);
    const auto write = [&](int thread, std::int64_t begin, std::int64_t end, Key* rows) {
        auto& worker = workers[static_cast<std::size_t>(thread)];
        if (worker == nullptr) worker = std::make_unique<Worker>(fusion, classes, instances, shape);
        if (channels) worker->sums.resize((owners.numbers.size() + 1) * count);
        const bool by_instance = !fusion.foreground && !fusion.things_are_foreground;
        for (std::int64_t row = begin; row < end; ++row, rows += width) {
            const std::uint16_t* const semantic = worker->semantic.row(row);
            const std::uint16_t* const owner = worker->instances.row(row);
            std::uint16_t* const to = worker->codes.data();
            for (std::size_t x = 0; x < width; ++x) to[x] = codes[semantic[x]];
            if (worker->foreground) worker->foreground->mark(row, to);
            for (std::size_t x = 0; x < width; ++x) {
                const Key of = owners.of_code[owner[x]];
                rows[x] = of << owner_shift | to[x] | (by_instance && of != 0 ? foreground_bit : 0);
            }
        }
    };
    std::atomic<bool> all_valid{true};
    const auto add_weight = [&](int thread, Key key, std::int64_t begin, std::int64_t end,
                                Cell& cell) {
        if (!is_painted(key, election.classes[class_of(key)].kind, fusion.rules)) return;
        Worker& worker = *workers[static_cast<std::size_t>(thread)];
        bool valid = true;
        if (channels) {
            for (std::size_t channel = 0; channel + 1 < count; ++channel)
                worker.sums[owner_of(key) * count + channel] +=
                    worker.weights->sum(channel, begin, end, valid);
        } else {
            cell.weight += worker.weights->sum(0, begin, end, valid);
        }
        if (!valid) all_valid.store(false, std::memory_order_relaxed);
    };
    Key* const keys = reinterpret_cast<Key*>(ids);
    CellTable table(owners.numbers.size() + 1, count);
    count_keys(keys, shape, threads, write, fusion.weights ? AddWeight(add_weight) : AddWeight(),
               table);
    if (!all_valid)
        throw std::invalid_argument("weights: expected numbers in [0, 1] where instances are");
    if (channels) {
        election.sums.resize((owners.numbers.size() + 1) * count);
        for (const auto& worker : workers)
            for (std::size_t i = 0; worker != nullptr && i < worker->sums.size(); ++i)
                election.sums[i] += worker->sums[i];
    }
    Fused fused = decide(table, election);
    write_ids(keys, shape, threads, table);
    return fused;
}

}  // namespace panfuse::fusion

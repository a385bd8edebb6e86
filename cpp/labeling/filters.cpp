#include "labeling/filters.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <utility>

#include "labeling/faces.h"
#include "labeling/holes.h"
#include "support/radix_sort.h"

namespace panfuse::labeling {
namespace {

// What makes values equal to `keep_largest`: both zeros of a float are.
std::uint64_t key_of(std::uint64_t bytes, Dtype dtype) {
    const std::uint64_t sign = std::uint64_t{1} << (8 * dtype.bytes - 1);
    return dtype.kind == Dtype::Kind::floating && bytes == sign ? 0 : bytes;
}

class Choice {
  public:
    Choice(const Filters& filters, const Regions& regions, int rank)
        : filters_(filters), regions_(regions), kept_(regions.count() + 1, 1) {
        kept_[0] = 0;
        for (std::uint32_t label = 1; label < kept_.size(); ++label) {
            const Sums& sums = regions.sums(label);
            const auto area = static_cast<std::int64_t>(sums.area);
            const bool border = filters.clear_border && touches_border(sums, regions.shape(), rank);
            kept_[label] = !border && area >= filters.min_area.value_or(area) &&
                           area <= filters.max_area.value_or(area);
        }
    }

    // `key` of a label: among which others it is to be large.
    template <class Key>
    void keep_largest(std::int64_t most, Key&& key) {
        std::map<std::uint64_t, std::vector<std::uint32_t>> groups;
        for (std::uint32_t label = 1; label < kept_.size(); ++label)
            if (kept_[label] != 0) groups[key(label)].push_back(label);
        for (auto& [value, labels] : groups) {
            if (static_cast<std::int64_t>(labels.size()) <= most) continue;
            std::nth_element(labels.begin(), labels.begin() + most, labels.end(),
                             [this](std::uint32_t a, std::uint32_t b) {
                                 return larger({regions_.sums(a).area, regions_.sums(a).first},
                                               {regions_.sums(b).area, regions_.sums(b).first});
                             });
            std::for_each(labels.begin() + most, labels.end(),
                          [this](std::uint32_t label) { kept_[label] = 0; });
        }
    }

    // By label: itself if it is kept, the neighbour it goes to, or 0.
    std::vector<std::uint32_t> owners() const {
        std::vector<std::uint32_t> owners(kept_.size(), 0);
        for (std::uint32_t label = 1; label < kept_.size(); ++label)
            if (kept_[label] != 0) owners[label] = label;
        if (filters_.to_neighbor) find_neighbors(owners);
        return owners;
    }

  private:
    struct Shared {
        std::uint64_t pair;  // the removed label, and the kept one below
        std::int64_t faces;
    };

    void find_neighbors(std::vector<std::uint32_t>& owners) const {
        std::vector<Shared> shared, scratch;
        const auto runs = [&](std::int64_t row, Runs& out) { regions_.runs(row, out); };
        for_faces(regions_.shape(), runs, runs,
                  [&](std::uint32_t a, std::uint32_t b, std::uint32_t faces) {
                      if (kept_[a] == 0 && kept_[b] != 0)
                          shared.push_back({std::uint64_t{a} << 32 | b, faces});
                  });
        radix_sort(shared, scratch, [](const Shared& one) { return one.pair; });
        Neighborhood best{};
        for (std::size_t i = 0; i < shared.size();) {
            const std::uint64_t pair = shared[i].pair;
            Neighborhood neighbor{0, static_cast<std::uint32_t>(pair)};
            for (; i < shared.size() && shared[i].pair == pair; ++i)
                neighbor.faces += shared[i].faces;
            std::uint32_t& owner = owners[pair >> 32];
            if (owner == 0 || closer(neighbor, best)) {
                best = neighbor;
                owner = neighbor.label;
            }
        }
    }

    const Filters& filters_;
    const Regions& regions_;
    std::vector<std::uint8_t> kept_;  // by label
};

}  // namespace

std::uint64_t element_at(const ArrayView& image, std::int64_t index) {
    const auto* address = static_cast<const std::byte*>(image.data);
    for (auto axis = static_cast<std::size_t>(image.rank); axis-- > 0;) {
        address += index % image.shape[axis] * image.strides[axis];
        index /= image.shape[axis];
    }
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, address, image.dtype.bytes);
    return image.dtype.kind == Dtype::Kind::boolean ? bytes != 0 : bytes;
}

std::vector<std::uint32_t> renumber(Regions& regions, const std::vector<std::uint32_t>& owners) {
    std::vector<Sums> sums(owners.size());
    std::vector<std::uint8_t> used(owners.size(), 0);
    for (std::uint32_t label = 1; label < owners.size(); ++label) {
        const std::uint32_t owner = owners[label];
        if (owner == 0) continue;
        if (used[owner] == 0)
            sums[owner] = regions.sums(label);
        else
            add(sums[owner], regions.sums(label));
        used[owner] = 1;
    }
    std::vector<std::uint32_t> order;
    for (std::uint32_t label = 1; label < owners.size(); ++label)
        if (used[label] != 0) order.push_back(label);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return sums[a].first < sums[b].first; });
    std::vector<std::uint32_t> labels(owners.size(), 0);
    UninitializedVector<Sums> new_sums(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        labels[order[i]] = static_cast<std::uint32_t>(i + 1);
        new_sums[i] = sums[order[i]];
    }
    std::vector<std::uint32_t> targets(owners.size(), 0);
    for (std::size_t label = 1; label < owners.size(); ++label)
        targets[label] = labels[owners[label]];
    regions.relabel(targets, std::move(new_sums));
    return order;
}

std::vector<std::uint64_t> apply(const Filters& filters, const ArrayView& image,
                                 const LabelOptions& options, Regions& regions) {
    std::vector<std::uint64_t> values(regions.count());
    for (std::uint32_t label = 1; label <= regions.count(); ++label)
        values[label - 1] = element_at(image, regions.sums(label).first);
    if (values.empty()) return values;
    if (filters.fill_holes) fill_holes(regions, options.steps, image.rank, *filters.fill_holes);
    if (!filters.remove()) return values;
    Choice choice(filters, regions, image.rank);
    if (filters.keep_largest) {
        const bool by_value = filters.per_value && !options.binary;
        choice.keep_largest(*filters.keep_largest, [&](std::uint32_t label) {
            return by_value ? key_of(values[label - 1], image.dtype) : 0;
        });
    }
    std::vector<std::uint64_t> kept_values;
    for (const std::uint32_t label : renumber(regions, choice.owners()))
        kept_values.push_back(values[label - 1]);
    return kept_values;
}

}  // namespace panfuse::labeling

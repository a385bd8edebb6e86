#include "labeling/split.h"

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "labeling/batch.h"
#include "labeling/filters.h"
#include "labeling/rows.h"
#include "support/parallel.h"

namespace panfuse::labeling {
namespace {

LabelOptions label_options(const SplitOptions& options) {
    LabelOptions label;
    label.steps = options.steps;
    return label;
}

// A category id that fits a segment's; -1 if it does not.
std::int32_t category_of(OrderedId id, Dtype dtype) {
    const bool is_signed = dtype.kind == Dtype::Kind::signed_integer;
    const std::uint64_t value = is_signed ? id ^ (std::uint64_t{1} << 63) : id;
    const bool fits = value <= std::uint64_t{std::numeric_limits<std::int32_t>::max()};
    return fits ? static_cast<std::int32_t>(value) : -1;
}

}  // namespace

Split::Split(const ArrayView& semantic, SplitOptions options, std::optional<int> threads)
    : semantic_(semantic),
      options_(std::move(options)),
      threads_(choose_threads(threads, semantic.size())) {
    check(semantic_, label_options(options_), threads_);
}

std::int64_t Split::count() {
    regions_ = find_regions({semantic_}, label_options(options_), true, threads_);
    Regions& regions = regions_.front();
    std::vector<std::uint32_t> owners(regions.count() + 1, 0);
    std::vector<Segment> of_region(regions.count() + 1);
    std::map<OrderedId, std::uint32_t> stuff;  // the first region of each category
    for (std::uint32_t label = 1; label < owners.size(); ++label) {
        const Sums& sums = regions.sums(label);
        const OrderedId id = to_ordered(element_at(semantic_, sums.first), semantic_.dtype);
        if (std::binary_search(options_.ignored.begin(), options_.ignored.end(), id)) continue;
        const bool is_thing =
            std::binary_search(options_.things.begin(), options_.things.end(), id);
        of_region[label] = {category_of(id, semantic_.dtype), is_thing};
        if (of_region[label].category < 0)
            throw std::invalid_argument(
                "semantic: expected category ids of 0 to 2**31 - 1 or values to ignore, got "
                "another at flat index " +
                std::to_string(sums.first));
        if (!is_thing)
            owners[label] = stuff.try_emplace(id, label).first->second;
        else if (static_cast<std::int64_t>(sums.area) >= options_.min_area)
            owners[label] = label;
    }
    segments_.clear();
    for (const std::uint32_t label : renumber(regions, owners))
        segments_.push_back(of_region[label]);
    return static_cast<std::int64_t>(segments_.size());
}

void Split::write(std::int32_t* ids, const SegmentColumns& columns) const {
    fill(regions_, ids, sizeof *ids, threads_);
    const int rank = semantic_.rank;
    for (std::size_t row = 0; row < segments_.size(); ++row) {
        const Sums& sums = regions_.front().sums(static_cast<std::uint32_t>(row + 1));
        columns.category_id[row] = segments_[row].category;
        columns.is_thing[row] = segments_[row].is_thing;
        columns.area[row] = static_cast<std::int64_t>(sums.area);
        write_box(sums, rank, columns.bbox + row * static_cast<std::size_t>(2 * rank));
    }
}

}  // namespace panfuse::labeling

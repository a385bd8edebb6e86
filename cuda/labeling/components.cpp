#include "cuda/labeling/components.h"

#include <utility>

#include "cuda/labeling/filters.h"
#include "cuda/labeling/holes.h"
#include "cuda/labeling/merge.h"

namespace panfuse::cuda {

Components::Components(const ArrayView& images, const labeling::LabelOptions& options,
                       const labeling::Filters& filters, const Call& call)
    : pictures_(pictures_of(images, options)),
      options_(options),
      filters_(filters),
      rank_(labeling::image_rank(images, options)),
      call_(call) {}

std::vector<std::int64_t> Components::count() {
    if (pictures_.empty())
        return std::vector<std::int64_t>(static_cast<std::size_t>(pictures_.items), 0);
    const DeviceGuard guard(call_.device);
    const Forest forest = new_forest(pictures_, call_);
    connect(pictures_, options_.steps, forest, call_);
    const Ranks ranks = number_roots(forest, call_);
    if (filters_.fill_holes && ranks.count() > 0)
        fill_holes(forest, {options_.steps, rank_, *filters_.fill_holes}, call_);
    rows_ = add_up(forest, ranks, call_);
    if (rows_.count == 0 || !filters_.remove()) return ranks.counts;
    Merged merged = merge(rows_, choose_owners(rows_, pictures_, filters_, rank_, call_), call_);
    rows_ = merged.rows;
    return std::move(merged.counts);
}

void Components::write(void* labels, std::size_t label_bytes,
                       const labeling::ComponentColumns& columns) const {
    if (pictures_.empty()) return;
    const DeviceGuard guard(call_.device);
    write_labels(rows_.forest, labels, label_bytes, call_);
    write_components(rows_, pictures_, rank_, columns, call_);
}

}  // namespace panfuse::cuda

#include "labeling/components.h"

#include <cstring>

#include "labeling/batch.h"
#include "labeling/filters.h"
#include "labeling/rows.h"
#include "support/parallel.h"

namespace panfuse::labeling {

Components::Components(const ArrayView& images, const LabelOptions& options, const Filters& filters,
                       std::optional<int> threads)
    : images_(images),
      options_(options),
      filters_(filters),
      threads_(choose_threads(threads, images.size())) {
    check(images_, options_, threads_);
}

std::vector<std::int64_t> Components::count() {
    const std::vector<ArrayView> images = items_of(images_, options_.batched);
    regions_ = find_regions(images, options_, true, threads_);
    values_.assign(images.size(), {});
    run_chunks(threads_, static_cast<std::int64_t>(images.size()), [&](int, std::int64_t item) {
        const auto i = static_cast<std::size_t>(item);
        values_[i] = apply(filters_, images[i], options_, regions_[i]);
    });
    std::vector<std::int64_t> counts;
    for (const Regions& regions : regions_) counts.push_back(regions.count());
    return counts;
}

void Components::write(void* labels, std::size_t label_bytes,
                       const ComponentColumns& columns) const {
    fill(regions_, labels, label_bytes, threads_);
    const int rank = image_rank(images_, options_);
    std::size_t row = 0;
    for (std::size_t image = 0; image < regions_.size(); ++image) {
        const Regions& regions = regions_[image];
        for (std::uint32_t label = 1; label <= regions.count(); ++label, ++row) {
            const Sums& sums = regions.sums(label);
            const std::size_t at = row * static_cast<std::size_t>(rank);
            std::memcpy(static_cast<std::byte*>(columns.value) + row * images_.dtype.bytes,
                        &values_[image][label - 1], images_.dtype.bytes);
            columns.area[row] = static_cast<std::int64_t>(sums.area);
            write_extent(sums, rank, columns.start + at, columns.stop + at);
            write_box(sums, rank, columns.bbox + 2 * at);
            write_centroid(sums, rank, columns.centroid + at);
            columns.first[row] = sums.first;
            columns.touches_border[row] = touches_border(sums, regions.shape(), rank);
        }
    }
}

}  // namespace panfuse::labeling

#include "labeling/label.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "labeling/batch.h"
#include "support/parallel.h"

namespace panfuse::labeling {

Label::Label(const ArrayView& images, const LabelOptions& options, std::optional<int> threads)
    : images_(images), options_(options), threads_(choose_threads(threads, images.size())) {
    check(images_, options_, threads_);
}

std::vector<std::int64_t> Label::count() {
    regions_ = find_regions(items_of(images_, options_.batched), options_, false, threads_);
    std::vector<std::int64_t> counts;
    for (const Regions& regions : regions_) counts.push_back(regions.count());
    return counts;
}

void Label::write(void* labels, std::size_t label_bytes) const {
    fill(regions_, labels, label_bytes, threads_);
}

}  // namespace panfuse::labeling

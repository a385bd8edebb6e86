// The connected components of an image, or of a batch of them, and what is known of each.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "labeling/columns.h"
#include "labeling/regions.h"
#include "support/image.h"

namespace panfuse::labeling {

class Components {
  public:
    // As Label.
    Components(const ArrayView& images, const LabelOptions& options, const Filters& filters,
               std::optional<int> threads);

    // Finds and filters the components; how many each image has.
    std::vector<std::int64_t> count();

    // Writes the labels as Label does, and one row for each component of each image.
    void write(void* labels, std::size_t label_bytes, const ComponentColumns& columns) const;

  private:
    ArrayView images_;
    LabelOptions options_;
    Filters filters_;
    int threads_;
    std::vector<Regions> regions_;                    // one an image
    std::vector<std::vector<std::uint64_t>> values_;  // by image and label, as bytes
};

}  // namespace panfuse::labeling

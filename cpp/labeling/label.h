// The labels of the connected components of an image, or of a batch of them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "labeling/columns.h"
#include "labeling/regions.h"
#include "support/image.h"

namespace panfuse::labeling {

class Label {
  public:
    // The images must outlive the object. std::invalid_argument if their rank or the number of
    // threads is wrong.
    Label(const ArrayView& images, const LabelOptions& options, std::optional<int> threads);

    // Finds the components; how many each image has.
    std::vector<std::int64_t> count();

    // Writes the labels of all images in C order, each `label_bytes` wide: 2, 4 or 8. After
    // `count`.
    void write(void* labels, std::size_t label_bytes) const;

  private:
    ArrayView images_;
    LabelOptions options_;
    int threads_;
    std::vector<Regions> regions_;  // one an image
};

}  // namespace panfuse::labeling

// The images of a batch, labelled side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "labeling/columns.h"
#include "labeling/regions.h"
#include "support/batch.h"

namespace panfuse::labeling {

// std::invalid_argument unless the images have 1 to 3 axes and the numbers are in range.
void check(const ArrayView& images, const LabelOptions& options, int threads);

// Finds the components of every image.
std::vector<Regions> find_regions(const std::vector<ArrayView>& images, const LabelOptions& options,
                                  bool statistics, int threads);

// Writes the labels of all images in C order, each `label_bytes` wide.
void fill(const std::vector<Regions>& regions, void* labels, std::size_t label_bytes, int threads);

}  // namespace panfuse::labeling

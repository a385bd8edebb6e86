// Which components stay, and what becomes of the others.
#pragma once

#include <cstdint>
#include <vector>

#include "labeling/columns.h"
#include "labeling/regions.h"
#include "support/image.h"

namespace panfuse::labeling {

// The bytes of the element at an index in C order; a bool's are 0 or 1.
std::uint64_t element_at(const ArrayView& image, std::int64_t index);

// Numbers labels by first pixel. `owners` tells of each label which label it becomes part of, or 0;
// an owner owns itself. Returns the old label of each new one.
std::vector<std::uint32_t> renumber(Regions& regions, const std::vector<std::uint32_t>& owners);

// Applies filters to the components of an image, in the order that tests/reference/labeling.py
// gives. Returns the value of each label left, as bytes.
std::vector<std::uint64_t> apply(const Filters& filters, const ArrayView& image,
                                 const LabelOptions& options, Regions& regions);

}  // namespace panfuse::labeling

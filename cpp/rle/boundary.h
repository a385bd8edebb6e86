// The band along the inside of a mask's boundary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rle/masks.h"
#include "rle/spans.h"

namespace panfuse::rle {

// How wide the band of Boundary IoU is: round(ratio * diagonal), ties to even, and 1 at least; the
// ratio is finite and not negative.
std::int64_t band_width(Size size, double ratio);

// Appends the pixels of a mask from which `width` steps to one of the 8 neighbours can leave it or
// the image: the mask without its erosion by a square of 2 * width + 1, by which Cheng et al.,
// "Boundary IoU", CVPR 2021, define the band.
void boundary(const Columns& mask, std::int64_t width, Counts& counts);

}  // namespace panfuse::rle

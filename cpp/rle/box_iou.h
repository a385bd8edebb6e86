// How much boxes overlap.
#pragma once

#include <cstdint>
#include <span>

namespace panfuse::rle {

// Boxes of x, y, w, h each. Intersection over union, or over the box of `a` for the boxes of `b`
// that are crowds, `a` running fastest; 0 where nothing is shared.
void box_ious(std::span<const double> a, std::span<const double> b,
              std::span<const std::uint8_t> crowds, double* out);

}  // namespace panfuse::rle

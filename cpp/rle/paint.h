// Masks painted over each other into a map of ids.
#pragma once

#include <cstdint>
#include <span>

#include "rle/masks.h"

namespace panfuse::rle {

// Paints the masks of `order`, later ones over earlier ones, each with its id, and 0 where there is
// none: a map of `size`, row by row. The masks have that size.
void paint(const Masks& masks, std::span<const std::int32_t> ids,
           std::span<const std::size_t> order, Size size, std::int32_t* out);

}  // namespace panfuse::rle

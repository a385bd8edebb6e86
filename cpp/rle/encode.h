// Masks of pixels to runs, and back.
#pragma once

#include <cstdint>

#include "rle/masks.h"
#include "support/image.h"

namespace panfuse::rle {

// Appends the masks of an array with three axes, of which the first counts masks, of any element
// type and strides: whatever is not 0 is foreground (-0.0 is 0; NaN is not).
void encode(const ArrayView& masks, Masks& out);

// Writes a mask column by column, a byte a pixel: 0 or 1.
void decode(Runs counts, Size size, std::uint8_t* out);

}  // namespace panfuse::rle

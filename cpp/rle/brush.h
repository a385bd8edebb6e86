// The bit stream in which Label Studio keeps brush strokes: thi.ng's rle-pack of the values of an
// RGBA image, of which the alpha channel is the mask.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rle/masks.h"

namespace panfuse::rle {

// `rows` are the counts of a mask in row-major order. The stream is the one that Label Studio's own
// converter makes of the mask in 0 and 255, with its byte of zeros where the bits end with a byte.
std::vector<std::uint8_t> pack_brush(Runs rows);

// Appends canonical counts in row-major order. std::invalid_argument says what is wrong with the
// stream; what follows after the last value is not looked at.
void unpack_brush(std::span<const std::uint8_t> stream, Size size, Counts& counts);

}  // namespace panfuse::rle

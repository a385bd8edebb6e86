// Rows of images that are not RGB: made like RGB before their filters are undone, where a pixel has
// whole bytes; else, and in interlaced images, byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>

#include "png/header.h"

namespace panfuse::png {

// Filters go from byte to byte of the same place in the pixel, so that bytes can be left out, moved
// and added within pixels. Turns residuals of 8 bits or more a sample into those of the RGB row
// with the same ids: alpha is left out, a gray sample or an index is red, and its upper byte green.
// One byte more than 3 a pixel is written.
void widen_residuals(const Header& header, const std::uint8_t* residuals, std::size_t pixels,
                     std::uint8_t* rgb);

// Undoes a row's filter in place (PNG specification, 9.2). `above` holds `n` bytes, zeros above the
// first row; `pixel_bytes` is the distance to the byte on the left. `filter` is one of Filter.
void unfilter_bytes(std::uint8_t filter, std::uint8_t* row, const std::uint8_t* above,
                    std::size_t n, std::size_t pixel_bytes);

// The ids of a row: R + 256 G + 65536 B, a gray sample, or a palette index. Alpha is left out.
void unpack_ids(const Header& header, const std::uint8_t* row, std::size_t pixels,
                std::uint32_t* ids);

}  // namespace panfuse::png

// Rows of any kind of image, byte by byte: for all but RGB, and for interlaced images.
#pragma once

#include <cstddef>
#include <cstdint>

#include "png/header.h"

namespace panfuse::png {

// Undoes a row's filter in place (PNG specification, 9.2). `above` holds `n` bytes, zeros above the
// first row; `pixel_bytes` is the distance to the byte on the left. `filter` is one of Filter.
void unfilter_bytes(std::uint8_t filter, std::uint8_t* row, const std::uint8_t* above,
                    std::size_t n, std::size_t pixel_bytes);

// The ids of a row: R + 256 G + 65536 B, a gray sample, or a palette index. Alpha is left out.
void unpack_ids(const Header& header, const std::uint8_t* row, std::size_t pixels,
                std::uint32_t* ids);

}  // namespace panfuse::png

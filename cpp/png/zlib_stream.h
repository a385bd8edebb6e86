// The zlib stream (RFC 1950) that holds a PNG file's image data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "png/inflate.h"

namespace panfuse::png {

// Decompresses a stream whose output must be `n` bytes, and checks its Adler-32. FormatError says
// what is wrong; bytes after the stream are wrong too.
void inflate_zlib(Inflater& inflater, std::span<const std::uint8_t> stream, std::uint8_t* out,
                  std::size_t n);

}  // namespace panfuse::png

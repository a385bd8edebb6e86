// What compresses PNG files: libdeflate or zlib, whichever the build found. One codec_*.cpp is
// built. (inflate.h decompresses.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace panfuse::png {

// The library and its version.
std::string codec_name();

// Whether `compress` can be called: without a library there is none.
bool can_compress();

// A zlib stream (RFC 1950) at the level that pays for label maps.
std::vector<std::uint8_t> compress(std::span<const std::uint8_t> in);

}  // namespace panfuse::png

// Numbers of 32 bits, most significant byte first, as PNG and zlib store them.
#pragma once

#include <cstdint>

namespace panfuse::png {

inline std::uint32_t load_big_endian(const std::uint8_t* p) {
    return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

inline void store_big_endian(std::uint32_t value, std::uint8_t* p) {
    for (int i = 0; i < 4; ++i) p[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

}  // namespace panfuse::png

#include "png/checksum.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace panfuse::png {
namespace {

// Eight bytes at a time ("slicing by 8": Kounavis and Berry, 2008): table k holds what a byte does
// to the remainder k bytes later.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t remainder = byte;
        for (int bit = 0; bit < 8; ++bit)
            remainder = remainder >> 1 ^ (0xEDB88320 & (0 - (remainder & 1)));
        tables[0][byte] = remainder;
    }
    for (std::size_t byte = 0; byte < 256; ++byte)
        for (std::size_t k = 1; k < 8; ++k) {
            const std::uint32_t before = tables[k - 1][byte];
            tables[k][byte] = before >> 8 ^ tables[0][before & 0xFF];
        }
    return tables;
}

constexpr Tables tables = make_tables();

}  // namespace

std::uint32_t own_crc32(std::span<const std::uint8_t> bytes) {
    std::uint32_t remainder = 0xFFFFFFFF;
    const std::uint8_t* p = bytes.data();
    std::size_t n = bytes.size();
    if constexpr (std::endian::native == std::endian::little) {
        for (; n >= 8; n -= 8, p += 8) {
            std::uint64_t eight;
            std::memcpy(&eight, p, 8);
            eight ^= remainder;
            remainder = 0;
            for (std::size_t k = 0; k < 8; ++k) remainder ^= tables[7 - k][eight >> (8 * k) & 0xFF];
        }
    }
    for (; n > 0; --n, ++p) remainder = remainder >> 8 ^ tables[0][(remainder ^ *p) & 0xFF];
    return ~remainder;
}

std::uint32_t own_adler32(std::span<const std::uint8_t> bytes) {
    constexpr std::uint32_t modulus = 65521;
    constexpr std::size_t most = 5552;  // bytes until the second sum may leave 32 bits
    constexpr std::size_t lanes = 16;
    std::uint32_t first = 1, second = 0;
    const std::uint8_t* p = bytes.data();
    for (std::size_t left = bytes.size(); left > 0;) {
        const std::size_t n = std::min(left, most);
        std::size_t i = 0;
        for (; i + lanes <= n; i += lanes) {
            std::uint32_t sum = 0, weighted = 0;
            for (std::size_t k = 0; k < lanes; ++k) {
                sum += p[i + k];
                weighted += static_cast<std::uint32_t>(lanes - k) * p[i + k];
            }
            second += static_cast<std::uint32_t>(lanes) * first + weighted;
            first += sum;
        }
        for (; i < n; ++i) second += first += p[i];
        first %= modulus;
        second %= modulus;
        p += n;
        left -= n;
    }
    return second << 16 | first;
}

}  // namespace panfuse::png

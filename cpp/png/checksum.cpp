#include "png/checksum.h"

#include <array>
#include <bit>
#include <cstring>

#include "png/zlib_kernels.h"

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

std::uint32_t by_tables(std::uint32_t remainder, std::span<const std::uint8_t> bytes) {
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
    return remainder;
}

}  // namespace

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
    std::uint8_t rest[16];
    const std::size_t taken =
        zlib_kernels().fold_crc32(bytes.data(), bytes.size(), 0xFFFFFFFF, rest);
    if (taken == 0) return ~by_tables(0xFFFFFFFF, bytes);
    return ~by_tables(by_tables(0, rest), bytes.subspan(taken));
}

std::uint32_t adler32(std::span<const std::uint8_t> bytes) {
    return zlib_kernels().adler32(bytes.data(), bytes.size());
}

}  // namespace panfuse::png

#include "labeling/signs.h"

#include <bit>

namespace panfuse::labeling {
namespace {

// Of a number that is normal as a float16.
std::uint16_t half_bytes(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    constexpr int dropped = 52 - 10;
    const std::uint64_t rest = bits & ((std::uint64_t{1} << dropped) - 1);
    const std::uint64_t half = std::uint64_t{1} << (dropped - 1);
    std::uint64_t kept = (bits >> dropped) - ((std::uint64_t{1023 - 15}) << 10);
    kept &= 0x7FFF;
    kept += rest > half || (rest == half && (kept & 1) != 0);
    return static_cast<std::uint16_t>(kept | (bits >> 63 << 15));
}

}  // namespace

std::uint64_t float_bytes(double value, Dtype dtype) {
    if (dtype.bytes == 8) return std::bit_cast<std::uint64_t>(value);
    if (dtype.bytes == 4) return std::bit_cast<std::uint32_t>(static_cast<float>(value));
    return half_bytes(value);
}

}  // namespace panfuse::labeling

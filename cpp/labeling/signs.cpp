#include "labeling/signs.h"

#include <bit>
#include <cstring>

#include "labeling/codes.h"

namespace panfuse::labeling {
namespace {

template <class Int>
void find_signs(const std::byte* logits, std::size_t n, Signs::Side side, std::uint8_t* out) {
    const auto bits = [logits](std::size_t i) {
        Int value;
        std::memcpy(&value, logits + i * sizeof(Int), sizeof(Int));
        return value;
    };
    if (side == Signs::Side::positive)
        for (std::size_t i = 0; i < n; ++i) out[i] = is_positive(bits(i));
    else
        for (std::size_t i = 0; i < n; ++i) out[i] = is_not_positive(bits(i));
}

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

Signs::Signs(const std::byte* logits, Dtype dtype, const Shape& shape, Side side)
    : logits_(logits), dtype_(dtype), shape_(shape), side_(side) {
    row_.resize(static_cast<std::size_t>(shape.width));
}

std::size_t Signs::scan(std::int64_t row, std::uint64_t* starts, std::uint64_t* inside) {
    const std::byte* const from = logits_ + row * shape_.width * dtype_.bytes;
    const std::size_t n = row_.size();
    if (dtype_.bytes == 2)
        find_signs<std::int16_t>(from, n, side_, row_.data());
    else if (dtype_.bytes == 4)
        find_signs<std::int32_t>(from, n, side_, row_.data());
    else
        find_signs<std::int64_t>(from, n, side_, row_.data());
    alignas(64) static constexpr std::uint8_t nothing[64] = {};
    return kernels().scan_binary[0](row_.data(), n, nothing, starts, inside);
}

}  // namespace panfuse::labeling

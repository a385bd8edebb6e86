// Floats of 2 bytes, exactly as float32.
#pragma once

#include <bit>
#include <cstdint>

#include "support/platform.h"

namespace panfuse {

// IEEE 754's binary16.
PF_HD inline float from_half(std::uint16_t bits) {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
    const std::uint32_t rest = static_cast<std::uint32_t>(bits & 0x7FFFu) << 13;
    if (rest >= 0x0F800000u) return std::bit_cast<float>(sign | rest | 0x7F800000u);
    // The exponent is rebased by a product, which is exact for subnormal numbers too.
    return std::bit_cast<float>(
        sign | std::bit_cast<std::uint32_t>(std::bit_cast<float>(rest) * 0x1p112f));
}

// The upper half of a float32.
PF_HD inline float from_bfloat(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace panfuse

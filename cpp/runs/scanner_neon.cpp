#include <arm_neon.h>

#include "runs/scanner_tables.h"

namespace panfuse::runs {
namespace {

uint8x16_t equal(const std::uint8_t* a, const std::uint8_t* b) {
    return vceqq_u8(vld1q_u8(a), vld1q_u8(b));
}

uint8x16_t equal(const std::uint16_t* a, const std::uint16_t* b) {
    const uint16x8_t low = vceqq_u16(vld1q_u16(a), vld1q_u16(b));
    const uint16x8_t high = vceqq_u16(vld1q_u16(a + 8), vld1q_u16(b + 8));
    return vcombine_u8(vmovn_u16(low), vmovn_u16(high));
}

uint16x8_t equal_eight(const std::uint32_t* a, const std::uint32_t* b) {
    const uint32x4_t low = vceqq_u32(vld1q_u32(a), vld1q_u32(b));
    const uint32x4_t high = vceqq_u32(vld1q_u32(a + 4), vld1q_u32(b + 4));
    return vcombine_u16(vmovn_u32(low), vmovn_u32(high));
}

uint8x16_t equal(const std::uint32_t* a, const std::uint32_t* b) {
    return vcombine_u8(vmovn_u16(equal_eight(a, b)), vmovn_u16(equal_eight(a + 8, b + 8)));
}

uint32x4_t equal_four(const std::uint64_t* a, const std::uint64_t* b) {
    const uint64x2_t low = vceqq_u64(vld1q_u64(a), vld1q_u64(b));
    const uint64x2_t high = vceqq_u64(vld1q_u64(a + 2), vld1q_u64(b + 2));
    return vcombine_u32(vmovn_u64(low), vmovn_u64(high));
}

uint16x8_t equal_eight(const std::uint64_t* a, const std::uint64_t* b) {
    return vcombine_u16(vmovn_u32(equal_four(a, b)), vmovn_u32(equal_four(a + 4, b + 4)));
}

uint8x16_t equal(const std::uint64_t* a, const std::uint64_t* b) {
    return vcombine_u8(vmovn_u16(equal_eight(a, b)), vmovn_u16(equal_eight(a + 8, b + 8)));
}

// The nearest thing to a movemask: one weight a lane, summed pairwise until 64 bits are left.
template <class T>
std::uint64_t unequal(const T* a, const T* b) {
    const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t part[4];
    for (int i = 0; i < 4; ++i) part[i] = vbicq_u8(weights, equal(a + 16 * i, b + 16 * i));
    const uint8x16_t low = vpaddq_u8(part[0], part[1]);
    const uint8x16_t high = vpaddq_u8(part[2], part[3]);
    const uint8x16_t sum = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

#include "runs/scanner_append.inc"
#include "runs/scanner_steps.inc"
#include "runs/scanner_walk.inc"

}  // namespace

const Scanner& neon_scanner() { return table; }

}  // namespace panfuse::runs

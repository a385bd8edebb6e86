#include <immintrin.h>

#include "fusion/mask_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/lanes_avx2.inc"

std::uint64_t passing(Floats value, Threshold threshold) {
    const Floats limit = all(threshold.value);
    const Floats set = threshold.strict ? _mm256_cmp_ps(value, limit, _CMP_GT_OQ)
                                        : _mm256_cmp_ps(value, limit, _CMP_GE_OQ);
    return static_cast<std::uint64_t>(_mm256_movemask_ps(set));
}
void paint_word(std::uint64_t bits, std::int32_t value, std::int32_t* out) {
    const __m256i values = _mm256_set1_epi32(value);
    const __m256i bit_of_lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    for (int part = 0; part < 8; ++part) {
        const int byte = static_cast<int>(bits >> 8 * part & 255);
        if (byte == 0) continue;
        const __m256i chosen = _mm256_and_si256(_mm256_set1_epi32(byte), bit_of_lane);
        _mm256_maskstore_epi32(out + 8 * part, _mm256_cmpeq_epi32(chosen, bit_of_lane), values);
    }
}

#include "fusion/mask_walk.inc"

}  // namespace

const MaskKernels& avx2_mask_kernels() { return table; }

}  // namespace panfuse::fusion

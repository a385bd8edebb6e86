#include <immintrin.h>

#include "fusion/mask_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/lanes_avx512.inc"

std::uint64_t passing(Floats value, Threshold threshold) {
    const Floats limit = all(threshold.value);
    return threshold.strict ? _mm512_cmp_ps_mask(value, limit, _CMP_GT_OQ)
                            : _mm512_cmp_ps_mask(value, limit, _CMP_GE_OQ);
}
void paint_word(std::uint64_t bits, std::int32_t value, std::int32_t* out) {
    const __m512i values = _mm512_set1_epi32(value);
    for (int part = 0; part < 4; ++part)
        _mm512_mask_storeu_epi32(out + 16 * part, static_cast<__mmask16>(bits >> 16 * part),
                                 values);
}

#include "fusion/mask_walk.inc"

}  // namespace

const MaskKernels& avx512_mask_kernels() { return table; }

}  // namespace panfuse::fusion

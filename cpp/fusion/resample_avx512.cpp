#include <immintrin.h>

#include "fusion/resample_tables.h"

namespace panfuse::fusion {
namespace {

constexpr std::size_t lanes = 16;
using Floats = __m512;
using Ints = __m512i;
using Mask = __mmask16;

Floats load(const float* from) { return _mm512_loadu_ps(from); }
void store(float* to, Floats value) { _mm512_storeu_ps(to, value); }
Floats all(float value) { return _mm512_set1_ps(value); }
Ints all_ints(int value) { return _mm512_set1_epi32(value); }
Floats times(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
Floats fused_lanes(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
Floats smaller(Floats a, Floats b) { return _mm512_min_ps(a, b); }
Floats larger(Floats a, Floats b) { return _mm512_max_ps(a, b); }
Mask greater(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
Mask not_at_most(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_NLE_UQ); }
Mask ordered(Floats a) { return _mm512_cmp_ps_mask(a, a, _CMP_ORD_Q); }
Mask both(Mask a, Mask b) { return static_cast<Mask>(a & b); }
Floats pick(Mask mask, Floats a, Floats b) { return _mm512_mask_blend_ps(mask, b, a); }
Ints pick_ints(Mask mask, Ints a, Ints b) { return _mm512_mask_blend_epi32(mask, b, a); }
Floats gather(const float* from, const std::int32_t* at) {
    return _mm512_i32gather_ps(_mm512_loadu_si512(at), from, 4);
}
Ints load_narrow(const std::uint16_t* from) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
void store_narrow(std::uint16_t* to, Ints value) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(value));
}

#include "fusion/resample_walk.inc"

}  // namespace

const ResampleKernels& avx512_resample_kernels() { return table; }

}  // namespace panfuse::fusion

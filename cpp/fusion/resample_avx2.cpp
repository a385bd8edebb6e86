#include <immintrin.h>

#include "fusion/resample_tables.h"

namespace panfuse::fusion {
namespace {

constexpr std::size_t lanes = 8;
using Floats = __m256;
using Ints = __m256i;
using Mask = __m256;

Floats load(const float* from) { return _mm256_loadu_ps(from); }
void store(float* to, Floats value) { _mm256_storeu_ps(to, value); }
Floats all(float value) { return _mm256_set1_ps(value); }
Ints all_ints(int value) { return _mm256_set1_epi32(value); }
Floats times(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
Floats fused_lanes(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
Floats smaller(Floats a, Floats b) { return _mm256_min_ps(a, b); }
Floats larger(Floats a, Floats b) { return _mm256_max_ps(a, b); }
Mask greater(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
Mask not_at_most(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_NLE_UQ); }
Mask ordered(Floats a) { return _mm256_cmp_ps(a, a, _CMP_ORD_Q); }
Mask both(Mask a, Mask b) { return _mm256_and_ps(a, b); }
Floats pick(Mask mask, Floats a, Floats b) { return _mm256_blendv_ps(b, a, mask); }
Ints pick_ints(Mask mask, Ints a, Ints b) {
    return _mm256_blendv_epi8(b, a, _mm256_castps_si256(mask));
}
Floats gather(const float* from, const std::int32_t* at) {
    return _mm256_i32gather_ps(from, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), 4);
}
Ints load_narrow(const std::uint16_t* from) {
    return _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
void store_narrow(std::uint16_t* to, Ints value) {
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(value, value), 0x88);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(packed));
}

#include "fusion/resample_walk.inc"

}  // namespace

const ResampleKernels& avx2_resample_kernels() { return table; }

}  // namespace panfuse::fusion

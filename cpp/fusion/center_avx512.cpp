#include <immintrin.h>

#include "fusion/center_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/center_scalar.inc"

struct Wide {
    using Floats = __m512;
    using Ints = __m512i;
    using Mask = __mmask16;
    static constexpr std::size_t width = 16;
    static constexpr int together = 4;

    static Floats load(const float* p) { return _mm512_loadu_ps(p); }
    static void store(float* p, Floats a) { _mm512_storeu_ps(p, a); }
    static Floats all(float x) { return _mm512_set1_ps(x); }
    static Floats fused(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
    static Floats root(Floats a) { return _mm512_sqrt_ps(a); }
    static Floats lesser(Floats a, Floats b) { return _mm512_min_ps(a, b); }
    static Floats greater(Floats a, Floats b) { return _mm512_max_ps(a, b); }
    static Floats magnitude(Floats a) { return _mm512_abs_ps(a); }
    static Floats floor(Floats a) {
        return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    }
    static Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
    static Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
    static Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
    static Floats divide(Floats a, Floats b) { return _mm512_div_ps(a, b); }
    static Mask less(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
    static Mask at_most(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
    static Mask not_less(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ); }
    static Mask not_at_most(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_NLE_UQ); }
    static Mask both(Mask a, Mask b) { return a & b; }
    static Mask but_not(Mask a, Mask b) { return _kandn_mask16(b, a); }
    static bool any(Mask a) { return a != 0; }
    static std::uint64_t bits(Mask a) { return a; }
    static Floats choose(Mask a, Floats yes, Floats no) { return _mm512_mask_mov_ps(no, a, yes); }
    static Ints choose_ints(Mask a, Ints yes, Ints no) { return _mm512_mask_mov_epi32(no, a, yes); }
    static Ints all_ints(std::uint32_t i) { return _mm512_set1_epi32(static_cast<int>(i)); }
    static Floats count_from(float x) {
        return _mm512_add_ps(_mm512_set1_ps(x),
                             _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    }
    static __m256i codes_at(const std::uint16_t* codes) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
    }
    static Mask foreground(const std::uint16_t* codes) {
        return _mm256_movepi16_mask(codes_at(codes));
    }
    static void write_keys(const std::uint16_t* codes, Ints owners, std::uint32_t* keys) {
        const __m512i shifted = _mm512_maskz_slli_epi32(foreground(codes), owners, 16);
        _mm512_storeu_si512(keys, _mm512_or_si512(shifted, _mm512_cvtepu16_epi32(codes_at(codes))));
    }
    static float least(Floats a) { return _mm512_reduce_min_ps(a); }
    static float most(Floats a) { return _mm512_reduce_max_ps(a); }
    static void pack(Mask a, Floats from, float* to) {
        _mm512_storeu_ps(to, _mm512_maskz_compress_ps(a, from));
    }
    static std::size_t pack_numbers(Mask a, std::uint32_t first, std::uint32_t* to) {
        const __m512i numbers = _mm512_add_epi32(
            all_ints(first),
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(a, numbers));
        return static_cast<std::size_t>(__builtin_popcount(a));
    }
};

#include "fusion/center_walk.inc"

}  // namespace

const CenterKernels& avx512_center_kernels() { return table; }

}  // namespace panfuse::fusion

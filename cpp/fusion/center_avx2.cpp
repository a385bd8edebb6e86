#include <immintrin.h>

#include "fusion/center_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/center_scalar.inc"

struct Wide {
    using Floats = __m256;
    using Ints = __m256i;
    using Mask = __m256;
    static constexpr std::size_t width = 8;
    static constexpr int together = 2;

    static Floats load(const float* p) { return _mm256_loadu_ps(p); }
    static void store(float* p, Floats a) { _mm256_storeu_ps(p, a); }
    static Floats all(float x) { return _mm256_set1_ps(x); }
    static Floats fused(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
    static Floats root(Floats a) { return _mm256_sqrt_ps(a); }
    static Floats lesser(Floats a, Floats b) { return _mm256_min_ps(a, b); }
    static Floats greater(Floats a, Floats b) { return _mm256_max_ps(a, b); }
    static Floats magnitude(Floats a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
    static Floats floor(Floats a) { return _mm256_floor_ps(a); }
    static Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
    static Floats subtract(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
    static Floats multiply(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
    static Floats divide(Floats a, Floats b) { return _mm256_div_ps(a, b); }
    static Mask less(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
    static Mask at_most(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
    static Mask not_less(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_NLT_UQ); }
    static Mask not_at_most(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_NLE_UQ); }
    static Mask both(Mask a, Mask b) { return _mm256_and_ps(a, b); }
    static Mask but_not(Mask a, Mask b) { return _mm256_andnot_ps(b, a); }
    static bool any(Mask a) { return _mm256_movemask_ps(a) != 0; }
    static std::uint64_t bits(Mask a) {
        return static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_ps(a)));
    }
    static Floats choose(Mask a, Floats yes, Floats no) { return _mm256_blendv_ps(no, yes, a); }
    static Ints choose_ints(Mask a, Ints yes, Ints no) {
        return _mm256_blendv_epi8(no, yes, _mm256_castps_si256(a));
    }
    static Ints all_ints(std::uint32_t i) { return _mm256_set1_epi32(static_cast<int>(i)); }
    static Floats count_from(float x) {
        return _mm256_add_ps(_mm256_set1_ps(x), _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7));
    }
    static __m256i codes_at(const std::uint16_t* codes) {
        return _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
    }
    static __m256i spread_foreground(__m256i codes) {
        return _mm256_srai_epi32(_mm256_slli_epi32(codes, 16), 31);
    }
    static Mask foreground(const std::uint16_t* codes) {
        return _mm256_castsi256_ps(spread_foreground(codes_at(codes)));
    }
    static void write_keys(const std::uint16_t* codes, Ints owners, std::uint32_t* keys) {
        const __m256i given = codes_at(codes);
        const __m256i shifted =
            _mm256_and_si256(_mm256_slli_epi32(owners, 16), spread_foreground(given));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(keys), _mm256_or_si256(shifted, given));
    }
    static float least(Floats a) {
        alignas(32) float lanes[8];
        _mm256_store_ps(lanes, a);
        float result = lanes[0];
        for (const float lane : lanes) result = lane < result ? lane : result;
        return result;
    }
    static float most(Floats a) { return -least(_mm256_sub_ps(_mm256_setzero_ps(), a)); }
    static void pack(Mask a, Floats from, float* to) {
        alignas(32) float lanes[8];
        _mm256_store_ps(lanes, from);
        for (std::uint64_t left = bits(a); left != 0; left &= left - 1)
            *to++ = lanes[__builtin_ctzll(left)];
    }
    static std::size_t pack_numbers(Mask a, std::uint32_t first, std::uint32_t* to) {
        std::size_t count = 0;
        for (std::uint64_t left = bits(a); left != 0; left &= left - 1)
            to[count++] = first + static_cast<std::uint32_t>(__builtin_ctzll(left));
        return count;
    }
};

#include "fusion/center_walk.inc"

}  // namespace

const CenterKernels& avx2_center_kernels() { return table; }

}  // namespace panfuse::fusion

#include <immintrin.h>

#include "fusion/query_tables.h"

namespace panfuse::fusion {
namespace {

constexpr std::size_t lanes = 8;
using Floats = __m256;
using Ints = __m256i;
using Mask = __m256;

Floats load(const float* from) { return _mm256_loadu_ps(from); }
Ints load_ints(const std::int32_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
void store(float* to, Floats value) { _mm256_storeu_ps(to, value); }
Floats all(float value) { return _mm256_set1_ps(value); }
Ints all_ints(int value) { return _mm256_set1_epi32(value); }
Floats plus(Floats a, Floats b) { return _mm256_add_ps(a, b); }
Floats minus(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
Floats times(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
Floats over(Floats a, Floats b) { return _mm256_div_ps(a, b); }
Floats fused_lanes(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
Floats smaller(Floats a, Floats b) { return _mm256_min_ps(a, b); }
Floats larger(Floats a, Floats b) { return _mm256_max_ps(a, b); }
Mask less(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
Mask greater(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
Mask at_least(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_GE_OQ); }
Mask not_at_most(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_NLE_UQ); }
Mask ordered(Floats a) { return _mm256_cmp_ps(a, a, _CMP_ORD_Q); }
Mask unordered(Floats a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
Mask both(Mask a, Mask b) { return _mm256_and_ps(a, b); }
Mask either(Mask a, Mask b) { return _mm256_or_ps(a, b); }
bool any(Mask mask) { return _mm256_movemask_ps(mask) != 0; }
Floats pick(Mask mask, Floats a, Floats b) { return _mm256_blendv_ps(b, a, mask); }
Ints pick_ints(Mask mask, Ints a, Ints b) {
    return _mm256_blendv_epi8(b, a, _mm256_castps_si256(mask));
}
std::int64_t count_lanes(Mask mask, std::size_t left) {
    const unsigned inside = left >= lanes ? 0xFFu : (1u << left) - 1;
    return __builtin_popcount(static_cast<unsigned>(_mm256_movemask_ps(mask)) & inside);
}

// u times 2 to the power q, in two steps, since q reaches beyond the exponents of floats.
Floats times_power_of_two(Floats u, Floats q) {
    const Ints n = _mm256_cvtps_epi32(q), half = _mm256_srai_epi32(n, 1);
    const Ints bias = _mm256_set1_epi32(127);
    const Ints first = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    const Ints second = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(n, half), bias), 23);
    return times(times(u, _mm256_castsi256_ps(first)), _mm256_castsi256_ps(second));
}

void take_taps(const float* from, const ColumnGroup& group, std::size_t i, Floats& a, Floats& b) {
    a = _mm256_i32gather_ps(from, load_ints(group.first + i), 4);
    b = _mm256_i32gather_ps(from, load_ints(group.second + i), 4);
}

Ints codes_of(Ints query, Mask foreground) {
    return _mm256_sub_epi32(_mm256_add_epi32(query, query), _mm256_castps_si256(foreground));
}
__m128i words_of(Ints codes) {
    return _mm256_castsi256_si128(
        _mm256_permute4x64_epi64(_mm256_packus_epi32(codes, codes), 0x88));
}
void store_codes(std::uint8_t* to, Ints query, Mask foreground) {
    const __m128i words = words_of(codes_of(query, foreground));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
}
void store_codes(std::uint16_t* to, Ints query, Mask foreground) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), words_of(codes_of(query, foreground)));
}

std::uint64_t matches(const std::uint8_t* codes, std::uint8_t code) {
    const __m256i wanted = _mm256_set1_epi8(static_cast<char>(code));
    std::uint64_t found = 0;
    for (int part = 0; part < 2; ++part) {
        const __m256i own = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + 32 * part));
        const auto bits =
            static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(own, wanted)));
        found |= std::uint64_t{bits} << 32 * part;
    }
    return found;
}
std::uint64_t matches(const std::uint16_t* codes, std::uint16_t code) {
    const __m256i wanted = _mm256_set1_epi16(static_cast<short>(code));
    std::uint64_t found = 0;
    for (int part = 0; part < 2; ++part) {
        const auto* const own = reinterpret_cast<const __m256i*>(codes + 32 * part);
        const __m256i low = _mm256_cmpeq_epi16(_mm256_loadu_si256(own), wanted);
        const __m256i high = _mm256_cmpeq_epi16(_mm256_loadu_si256(own + 1), wanted);
        const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xD8);
        found |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(packed))}
                 << 32 * part;
    }
    return found;
}

void remap_bytes(const std::uint8_t* codes, std::size_t n, const std::int32_t* ids,
                 std::int32_t* out);
void remap_words(const std::uint16_t* codes, std::size_t n, const std::int32_t* ids,
                 std::int32_t* out);

#include "fusion/query_walk.inc"

void remap_bytes(const std::uint8_t* codes, std::size_t n, const std::int32_t* ids,
                 std::int32_t* out) {
    remap_uniform(codes, n, ids, out);
}
void remap_words(const std::uint16_t* codes, std::size_t n, const std::int32_t* ids,
                 std::int32_t* out) {
    remap_uniform(codes, n, ids, out);
}

}  // namespace

const QueryKernels& avx2_query_kernels() { return table; }

}  // namespace panfuse::fusion

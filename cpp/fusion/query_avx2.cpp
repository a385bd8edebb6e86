#include <immintrin.h>

#include "fusion/query_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/lanes_avx2.inc"

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
    a = gather(from, group.first + i);
    b = gather(from, group.second + i);
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

#include "fusion/query_remap.inc"

constexpr auto remap_bytes = remap_uniform<std::uint8_t>;

#include "fusion/query_walk.inc"

}  // namespace

const QueryKernels& avx2_query_kernels() { return table; }

}  // namespace panfuse::fusion

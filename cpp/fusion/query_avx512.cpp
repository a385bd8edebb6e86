#include <immintrin.h>

#include "fusion/query_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/lanes_avx512.inc"

std::int64_t count_lanes(Mask mask, std::size_t left) {
    const unsigned inside = left >= lanes ? 0xFFFFu : (1u << left) - 1;
    return __builtin_popcount(mask & inside);
}

// u times 2 to the power q, in two steps, since q reaches beyond the exponents of floats.
Floats times_power_of_two(Floats u, Floats q) {
    const Ints n = _mm512_cvtps_epi32(q), half = _mm512_srai_epi32(n, 1);
    const Ints bias = _mm512_set1_epi32(127);
    const Ints first = _mm512_slli_epi32(_mm512_add_epi32(half, bias), 23);
    const Ints second = _mm512_slli_epi32(_mm512_add_epi32(_mm512_sub_epi32(n, half), bias), 23);
    return times(times(u, _mm512_castsi512_ps(first)), _mm512_castsi512_ps(second));
}

void take_taps(const float* from, const ColumnGroup& group, std::size_t, Floats& a, Floats& b) {
    const Ints first = _mm512_loadu_si512(group.first), second = _mm512_loadu_si512(group.second);
    if (group.windowed) {
        const Floats low = load(from), high = load(from + 16);
        a = _mm512_permutex2var_ps(low, first, high);
        b = _mm512_permutex2var_ps(low, second, high);
    } else {
        a = _mm512_i32gather_ps(first, from, 4);
        b = _mm512_i32gather_ps(second, from, 4);
    }
}

Ints codes_of(Ints query, Mask foreground) {
    const Ints twice = _mm512_add_epi32(query, query);
    return _mm512_mask_add_epi32(twice, foreground, twice, _mm512_set1_epi32(1));
}
void store_codes(std::uint8_t* to, Ints query, Mask foreground) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm512_cvtepi32_epi8(codes_of(query, foreground)));
}
void store_codes(std::uint16_t* to, Ints query, Mask foreground) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                        _mm512_cvtepi32_epi16(codes_of(query, foreground)));
}

std::uint64_t matches(const std::uint8_t* codes, std::uint8_t code) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(codes),
                                  _mm512_set1_epi8(static_cast<char>(code)));
}
std::uint64_t matches(const std::uint16_t* codes, std::uint16_t code) {
    const __m512i wanted = _mm512_set1_epi16(static_cast<short>(code));
    const std::uint64_t low = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(codes), wanted);
    const std::uint64_t high = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(codes + 32), wanted);
    return low | high << 32;
}

#include "fusion/query_remap.inc"

// Ids below 256, looked up 64 at a time.
void remap_bytes(const std::uint8_t* codes, std::size_t n, const std::int32_t* ids,
                 std::int32_t* out) {
    alignas(64) std::uint8_t bytes[256];
    for (int code = 0; code < 256; ++code) bytes[code] = static_cast<std::uint8_t>(ids[code]);
    const __m512i t0 = _mm512_load_si512(bytes), t1 = _mm512_load_si512(bytes + 64);
    const __m512i t2 = _mm512_load_si512(bytes + 128), t3 = _mm512_load_si512(bytes + 192);
    std::size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512i code = _mm512_loadu_si512(codes + i);
        const __m512i low = _mm512_permutex2var_epi8(t0, code, t1);
        const __m512i high = _mm512_permutex2var_epi8(t2, code, t3);
        const __m512i id = _mm512_mask_blend_epi8(_mm512_movepi8_mask(code), low, high);
        _mm512_storeu_si512(out + i, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(id)));
        _mm512_storeu_si512(out + i + 16, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(id, 1)));
        _mm512_storeu_si512(out + i + 32, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(id, 2)));
        _mm512_storeu_si512(out + i + 48, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(id, 3)));
    }
    for (; i < n; ++i) out[i] = ids[codes[i]];
}

#include "fusion/query_walk.inc"

}  // namespace

const QueryKernels& avx512_query_kernels() { return table; }

}  // namespace panfuse::fusion

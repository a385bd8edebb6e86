#include <immintrin.h>

#include "runs/scanner_tables.h"

namespace panfuse::runs {
namespace {

std::uint64_t unequal(const std::uint8_t* a, const std::uint8_t* b) {
    return _mm512_cmpneq_epi8_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b));
}

std::uint64_t unequal(const std::uint16_t* a, const std::uint16_t* b) {
    const __mmask32 low = _mm512_cmpneq_epi16_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b));
    const __mmask32 high =
        _mm512_cmpneq_epi16_mask(_mm512_loadu_si512(a + 32), _mm512_loadu_si512(b + 32));
    return _mm512_kunpackd(high, low);
}

std::uint64_t unequal(const std::uint32_t* a, const std::uint32_t* b) {
    __mmask16 part[4];
    for (int i = 0; i < 4; ++i)
        part[i] = _mm512_cmpneq_epi32_mask(_mm512_loadu_si512(a + 16 * i),
                                           _mm512_loadu_si512(b + 16 * i));
    return _mm512_kunpackd(_mm512_kunpackw(part[3], part[2]), _mm512_kunpackw(part[1], part[0]));
}

std::uint64_t unequal(const std::uint64_t* a, const std::uint64_t* b) {
    std::uint64_t mask = 0;
    for (int i = 0; i < 8; ++i) {
        const __mmask8 part = _mm512_cmpneq_epi64_mask(_mm512_loadu_si512(a + 8 * i),
                                                       _mm512_loadu_si512(b + 8 * i));
        mask |= std::uint64_t{part} << (8 * i);
    }
    return mask;
}

std::size_t append(std::uint64_t mask, std::uint32_t base, std::uint32_t* out) {
    const __m512i lanes =
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    std::uint32_t* const begin = out;
    for (int i = 0; i < 4; ++i) {
        const auto part = static_cast<__mmask16>(mask >> (16 * i));
        const __m512i at = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(base) + 16 * i));
        // Compressing in a register: the form that stores is microcoded on Zen 4.
        _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(part, at));
        out += __builtin_popcount(part);
    }
    return static_cast<std::size_t>(out - begin);
}

#include "runs/scanner_walk.inc"

}  // namespace

const Scanner& avx512_scanner() { return table; }

}  // namespace panfuse::runs

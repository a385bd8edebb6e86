#include <immintrin.h>

#include "png/unfilter_tables.h"

namespace panfuse::png {
namespace {

#include "png/unfilter_pixels.inc"
#include "runs/scanner_append_avx512.inc"

struct Vector {
    static constexpr std::size_t lanes = 16;

    static Vector load(const std::uint32_t* p) { return {_mm512_loadu_si512(p)}; }
    static Vector zero() { return {_mm512_setzero_si512()}; }
    void store(std::uint32_t* p) const { _mm512_storeu_si512(p, value); }

    __m512i value;
};

Vector unpack(const std::uint8_t* residuals) {
    alignas(64) static constexpr std::uint8_t from[64] = {
        0,  1,  2,  0,  3,  4,  5,  0,  6,  7,  8,  0,  9,  10, 11, 0,  12, 13, 14, 0,  15, 16,
        17, 0,  18, 19, 20, 0,  21, 22, 23, 0,  24, 25, 26, 0,  27, 28, 29, 0,  30, 31, 32, 0,
        33, 34, 35, 0,  36, 37, 38, 0,  39, 40, 41, 0,  42, 43, 44, 0,  45, 46, 47, 0};
    return {_mm512_maskz_permutexvar_epi8(0x7777777777777777, _mm512_load_si512(from),
                                          _mm512_loadu_si512(residuals))};
}

Vector add(Vector a, Vector b) { return {_mm512_add_epi8(a.value, b.value)}; }

Vector shifted(Vector before, Vector now) {
    return {_mm512_alignr_epi32(now.value, before.value, 15)};
}

Vector prefix_sum(Vector v) {
    const __m512i zero = _mm512_setzero_si512();
    __m512i sum = v.value;
    sum = _mm512_add_epi8(sum, _mm512_alignr_epi32(sum, zero, 15));
    sum = _mm512_add_epi8(sum, _mm512_alignr_epi32(sum, zero, 14));
    sum = _mm512_add_epi8(sum, _mm512_alignr_epi32(sum, zero, 12));
    return {_mm512_add_epi8(sum, _mm512_alignr_epi32(sum, zero, 8))};
}

Vector last_lane(Vector v) { return {_mm512_permutexvar_epi32(_mm512_set1_epi32(15), v.value)}; }

// Masks are joined as masks (see runs/scanner_avx512.cpp).
class WordBits {
  public:
    void add_unequal(std::size_t group, Vector a, Vector b) {
        part_[group] = _mm512_cmpneq_epi32_mask(a.value, b.value);
    }

    std::uint64_t word() const {
        return _mm512_kunpackd(_mm512_kunpackw(part_[3], part_[2]),
                               _mm512_kunpackw(part_[1], part_[0]));
    }

  private:
    __mmask16 part_[4];
};

// Bit 0 moves the values instead, so that 16 of them are enough.
Vector expand(const std::uint32_t* values, std::uint32_t bits) {
    const __m512i upto = _mm512_setr_epi32(0x0, 0x2, 0x6, 0xE, 0x1E, 0x3E, 0x7E, 0xFE, 0x1FE, 0x3FE,
                                           0x7FE, 0xFFE, 0x1FFE, 0x3FFE, 0x7FFE, 0xFFFE);
    const __m512i set = _mm512_and_si512(_mm512_set1_epi32(static_cast<int>(bits)), upto);
    return {_mm512_permutexvar_epi32(_mm512_popcnt_epi32(set),
                                     _mm512_loadu_si512(values + (bits & 1)))};
}

#include "png/unfilter_walk.inc"

}  // namespace

const Unfilter& avx512_unfilter() { return table; }

}  // namespace panfuse::png

#include <immintrin.h>

#include "runs/scanner_tables.h"

namespace panfuse::runs {
namespace {

// Masks are joined as masks: GCC 12 spills a 32-bit mask that is to be zero-extended as 32 bits,
// and reads it back as 64.
std::uint64_t joined(const __mmask64 (&part)[1]) { return part[0]; }

std::uint64_t joined(const __mmask32 (&part)[2]) { return _mm512_kunpackd(part[1], part[0]); }

std::uint64_t joined(const __mmask16 (&part)[4]) {
    return _mm512_kunpackd(_mm512_kunpackw(part[3], part[2]), _mm512_kunpackw(part[1], part[0]));
}

std::uint64_t joined(const __mmask8 (&part)[8]) {
    const __mmask16 quarters[4] = {
        _mm512_kunpackb(part[1], part[0]), _mm512_kunpackb(part[3], part[2]),
        _mm512_kunpackb(part[5], part[4]), _mm512_kunpackb(part[7], part[6])};
    return joined(quarters);
}

__mmask64 unequal_lanes(__m512i a, __m512i b, std::uint8_t) {
    return _mm512_cmpneq_epi8_mask(a, b);
}

__mmask32 unequal_lanes(__m512i a, __m512i b, std::uint16_t) {
    return _mm512_cmpneq_epi16_mask(a, b);
}

__mmask16 unequal_lanes(__m512i a, __m512i b, std::uint32_t) {
    return _mm512_cmpneq_epi32_mask(a, b);
}

__mmask8 unequal_lanes(__m512i a, __m512i b, std::uint64_t) {
    return _mm512_cmpneq_epi64_mask(a, b);
}

template <class T>
using Mask = decltype(unequal_lanes(__m512i{}, __m512i{}, T{}));

template <class T>
std::uint64_t unequal(const T* a, const T* b) {
    constexpr std::size_t lanes = 64 / sizeof(T);
    Mask<T> part[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i)
        part[i] = unequal_lanes(_mm512_loadu_si512(a + i * lanes),
                                _mm512_loadu_si512(b + i * lanes), T{});
    return joined(part);
}

// A load that straddles cache lines costs two, so the pixels to the left come from the register of
// the vector before.
__m512i shifted(__m512i before, __m512i now, std::uint8_t) {
    const __m512i upper = _mm512_alignr_epi32(now, before, 12);
    return _mm512_alignr_epi8(now, upper, 15);
}

__m512i shifted(__m512i before, __m512i now, std::uint16_t) {
    const __m512i upper = _mm512_alignr_epi32(now, before, 12);
    return _mm512_alignr_epi8(now, upper, 14);
}

__m512i shifted(__m512i before, __m512i now, std::uint32_t) {
    return _mm512_alignr_epi32(now, before, 15);
}

__m512i shifted(__m512i before, __m512i now, std::uint64_t) {
    return _mm512_alignr_epi64(now, before, 7);
}

template <class T>
struct Steps {
    static constexpr std::size_t lanes = 64 / sizeof(T);

    explicit Steps(const T* p) : last(_mm512_loadu_si512(p - lanes)) {}

    std::uint64_t operator()(const T* p) {
        Mask<T> part[sizeof(T)];
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            const __m512i now = _mm512_loadu_si512(p + i * lanes);
            part[i] = unequal_lanes(now, shifted(last, now, T{}), T{});
            last = now;
        }
        return joined(part);
    }

    __m512i last;
};

// Compressing lane numbers as bytes takes one instruction for 64 pixels; the first 16 positions are
// then written without a test, since natural maps seldom have more.
std::size_t append(std::uint64_t mask, std::uint16_t base, std::uint16_t* out) {
    alignas(64) static constexpr std::uint8_t lanes[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i at = _mm512_maskz_compress_epi8(mask, _mm512_load_si512(lanes));
    const auto offset = static_cast<short>(base);
    const auto count = static_cast<std::size_t>(__builtin_popcountll(mask));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                        _mm256_add_epi16(_mm256_cvtepu8_epi16(_mm512_castsi512_si128(at)),
                                         _mm256_set1_epi16(offset)));
    if (count > 16) [[unlikely]] {
        const __m512i first = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(at));
        const __m512i second = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(at, 1));
        _mm512_storeu_si512(out, _mm512_add_epi16(first, _mm512_set1_epi16(offset)));
        _mm512_storeu_si512(out + 32, _mm512_add_epi16(second, _mm512_set1_epi16(offset)));
    }
    return count;
}

#include "runs/scanner_walk.inc"

}  // namespace

const Scanner& avx512_scanner() { return table; }

}  // namespace panfuse::runs

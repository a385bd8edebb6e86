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

#include "runs/scanner_append_avx512.inc"
#include "runs/scanner_walk.inc"

}  // namespace

const Scanner& avx512_scanner() { return table; }

}  // namespace panfuse::runs

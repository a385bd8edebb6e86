// What every CPU of the architecture has: SSE2 on x86-64, plain loops elsewhere.
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "runs/scanner_tables.h"

namespace panfuse::runs {
namespace {

#if defined(__SSE2__)
__m128i load(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }

__m128i equal(const std::uint8_t* a, const std::uint8_t* b) {
    return _mm_cmpeq_epi8(load(a), load(b));
}

__m128i equal(const std::uint16_t* a, const std::uint16_t* b) {
    return _mm_packs_epi16(_mm_cmpeq_epi16(load(a), load(b)),
                           _mm_cmpeq_epi16(load(a + 8), load(b + 8)));
}

__m128i equal_dwords(const void* a, const void* b) { return _mm_cmpeq_epi32(load(a), load(b)); }

__m128i equal(const std::uint32_t* a, const std::uint32_t* b) {
    return _mm_packs_epi16(
        _mm_packs_epi32(equal_dwords(a, b), equal_dwords(a + 4, b + 4)),
        _mm_packs_epi32(equal_dwords(a + 8, b + 8), equal_dwords(a + 12, b + 12)));
}

template <class T>
std::uint64_t unequal(const T* a, const T* b) {
    std::uint64_t mask = 0;
    for (int i = 0; i < 4; ++i) {
        const auto same = static_cast<unsigned>(_mm_movemask_epi8(equal(a + 16 * i, b + 16 * i)));
        mask |= static_cast<std::uint64_t>(same) << (16 * i);
    }
    return ~mask;
}

template <>
std::uint64_t unequal(const std::uint64_t* a, const std::uint64_t* b) {
    std::uint64_t mask = 0;
    for (int i = 0; i < 64; ++i) mask |= static_cast<std::uint64_t>(a[i] != b[i]) << i;
    return mask;
}
#else
template <class T>
std::uint64_t unequal(const T* a, const T* b) {
    std::uint64_t mask = 0;
    for (int i = 0; i < 64; ++i) mask |= static_cast<std::uint64_t>(a[i] != b[i]) << i;
    return mask;
}
#endif

#include "runs/scanner_append.inc"
#include "runs/scanner_steps.inc"
#include "runs/scanner_walk.inc"

}  // namespace

const Scanner& baseline_scanner() { return table; }

}  // namespace panfuse::runs

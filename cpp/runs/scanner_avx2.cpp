#include <immintrin.h>

#include "runs/scanner_tables.h"

namespace panfuse::runs {
namespace {

__m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

std::uint32_t unequal_bytes(__m256i equal) {
    return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(equal));
}

std::uint64_t unequal(const std::uint8_t* a, const std::uint8_t* b) {
    const std::uint64_t low = unequal_bytes(_mm256_cmpeq_epi8(load(a), load(b)));
    const std::uint64_t high = unequal_bytes(_mm256_cmpeq_epi8(load(a + 32), load(b + 32)));
    return high << 32 | low;
}

// Packing works within 128-bit halves; the permutation puts the 64-bit parts back in order.
std::uint64_t unequal(const std::uint16_t* a, const std::uint16_t* b) {
    std::uint64_t mask = 0;
    for (int i = 0; i < 2; ++i, a += 32, b += 32) {
        const __m256i packed = _mm256_packs_epi16(_mm256_cmpeq_epi16(load(a), load(b)),
                                                  _mm256_cmpeq_epi16(load(a + 16), load(b + 16)));
        mask |= std::uint64_t{unequal_bytes(_mm256_permute4x64_epi64(packed, 0xD8))} << (32 * i);
    }
    return mask;
}

std::uint64_t unequal(const std::uint32_t* a, const std::uint32_t* b) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    std::uint64_t mask = 0;
    for (int i = 0; i < 2; ++i, a += 32, b += 32) {
        const __m256i low = _mm256_packs_epi32(_mm256_cmpeq_epi32(load(a), load(b)),
                                               _mm256_cmpeq_epi32(load(a + 8), load(b + 8)));
        const __m256i high = _mm256_packs_epi32(_mm256_cmpeq_epi32(load(a + 16), load(b + 16)),
                                                _mm256_cmpeq_epi32(load(a + 24), load(b + 24)));
        const __m256i packed = _mm256_packs_epi16(low, high);
        mask |= std::uint64_t{unequal_bytes(_mm256_permutevar8x32_epi32(packed, order))}
                << (32 * i);
    }
    return mask;
}

std::uint64_t unequal(const std::uint64_t* a, const std::uint64_t* b) {
    std::uint64_t equal = 0;
    for (int i = 0; i < 16; ++i) {
        const __m256i same = _mm256_cmpeq_epi64(load(a + 4 * i), load(b + 4 * i));
        equal |= static_cast<std::uint64_t>(_mm256_movemask_pd(_mm256_castsi256_pd(same)))
                 << (4 * i);
    }
    return ~equal;
}

#include "runs/scanner_append.inc"
#include "runs/scanner_steps.inc"
#include "runs/scanner_walk.inc"

}  // namespace

const Scanner& avx2_scanner() { return table; }

}  // namespace panfuse::runs

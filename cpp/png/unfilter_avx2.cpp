#include <immintrin.h>

#include "png/unfilter_tables.h"

namespace panfuse::png {
namespace {

#include "png/unfilter_pixels.inc"
#include "runs/scanner_append.inc"

struct Vector {
    static constexpr std::size_t lanes = 8;

    static Vector load(const std::uint32_t* p) {
        return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))};
    }
    static Vector zero() { return {_mm256_setzero_si256()}; }
    void store(std::uint32_t* p) const {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), value);
    }

    __m256i value;
};

Vector unpack(const std::uint8_t* residuals) {
    const auto* const low = reinterpret_cast<const __m128i*>(residuals);
    const auto* const high = reinterpret_cast<const __m128i*>(residuals + 12);
    const __m256i packed = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)),
                                                   _mm_loadu_si128(high), 1);
    const __m256i from = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1,  //
                                          0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    return {_mm256_shuffle_epi8(packed, from)};
}

Vector add(Vector a, Vector b) { return {_mm256_add_epi8(a.value, b.value)}; }

Vector shifted(Vector before, Vector now) {
    const __m256i middle = _mm256_permute2x128_si256(before.value, now.value, 0x21);
    return {_mm256_alignr_epi8(now.value, middle, 12)};
}

// Shifts stay within the halves, so that the lower half's sum is added to the upper one at the end.
Vector prefix_sum(Vector v) {
    __m256i sum = v.value;
    sum = _mm256_add_epi8(sum, _mm256_slli_si256(sum, 4));
    sum = _mm256_add_epi8(sum, _mm256_slli_si256(sum, 8));
    const __m256i lower = _mm256_permute2x128_si256(sum, sum, 0x08);
    return {_mm256_add_epi8(sum, _mm256_shuffle_epi32(lower, 0xFF))};
}

Vector last_lane(Vector v) { return {_mm256_permutevar8x32_epi32(v.value, _mm256_set1_epi32(7))}; }

class WordBits {
  public:
    void add_unequal(std::size_t group, Vector a, Vector b) {
        const __m256 same = _mm256_castsi256_ps(_mm256_cmpeq_epi32(a.value, b.value));
        equal_ |= static_cast<std::uint64_t>(_mm256_movemask_ps(same)) << (8 * group);
    }

    std::uint64_t word() const { return ~equal_; }

  private:
    std::uint64_t equal_ = 0;
};

// For the bits 1 .. 7 of a byte: how many of them are set up to each lane.
struct Ranks {
    constexpr Ranks() {
        for (unsigned bits = 0; bits < 128; ++bits)
            for (unsigned lane = 1; lane < 8; ++lane)
                of[bits][lane] =
                    static_cast<std::uint8_t>(of[bits][lane - 1] + (bits >> (lane - 1) & 1));
    }

    alignas(64) std::uint8_t of[128][8] = {};
};

constexpr Ranks ranks;

// Bit 0 moves the values instead, so that 8 of them are enough.
Vector expand(const std::uint32_t* values, std::uint32_t bits) {
    const auto* const rank = reinterpret_cast<const __m128i*>(ranks.of[bits >> 1]);
    return {_mm256_permutevar8x32_epi32(Vector::load(values + (bits & 1)).value,
                                        _mm256_cvtepu8_epi32(_mm_loadl_epi64(rank)))};
}

#include "png/unfilter_walk.inc"

}  // namespace

const Unfilter& avx2_unfilter() { return table; }

}  // namespace panfuse::png

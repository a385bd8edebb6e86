#include <immintrin.h>

#include "labeling/kernels_tables.h"

namespace panfuse::labeling {
namespace {

#include "labeling/kernels_append.inc"
#include "labeling/kernels_describe_avx2.inc"
#include "labeling/kernels_fill.inc"
#include "labeling/kernels_positions.inc"
#include "runs/compare_avx2.inc"
#include "runs/scanner_steps.inc"

#include "labeling/kernels_signs.inc"

template <class Label>
void fill(const BitRow& bits, std::size_t n, const std::uint32_t* labels, void* out) {
    fill_runs<Label>(bits, n, labels, out);
}

// Byte i of entry s: how many of the bits 1..i of s are set.
struct RanksOfEight {
    constexpr RanksOfEight() : bytes{} {
        for (unsigned s = 0; s < 256; ++s)
            for (unsigned i = 1; i < 8; ++i)
                bytes[s][i] = static_cast<std::uint8_t>(bytes[s][i - 1] + (s >> i & 1));
    }

    std::uint8_t bytes[256][8];
};

constexpr RanksOfEight ranks_of_eight;

// The labels of 8 pixels, of which the first is in the run at labels[-1] unless one starts there.
__m256i labels_of_eight(unsigned starts, unsigned inside, const std::uint32_t* labels) {
    const __m256i bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i rank = _mm256_cvtepu8_epi32(
        _mm_loadl_epi64(reinterpret_cast<const __m128i*>(ranks_of_eight.bytes[starts])));
    const __m256i row = load(labels - 1 + (starts & 1));
    const __m256i in = _mm256_and_si256(_mm256_set1_epi32(static_cast<int>(inside)), bit);
    return _mm256_and_si256(_mm256_permutevar8x32_epi32(row, rank), _mm256_cmpeq_epi32(in, bit));
}

template <>
void fill<std::uint32_t>(const BitRow& bits, std::size_t n, const std::uint32_t* labels,
                         void* out) {
    std::uint32_t* const pixels = static_cast<std::uint32_t*>(out);
    for (std::size_t x = 0; x < n; x += 8) {
        const auto starts = static_cast<unsigned>(bits.starts[x / 64] >> x % 64 & 255);
        const auto inside = static_cast<unsigned>(bits.inside[x / 64] >> x % 64 & 255);
        const __m256i eight = labels_of_eight(starts, inside, labels);
        labels += __builtin_popcount(starts);
        if (x + 8 <= n) {
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(pixels + x), eight);
        } else {
            alignas(32) std::uint32_t last[8];
            _mm256_store_si256(reinterpret_cast<__m256i*>(last), eight);
            __builtin_memcpy(pixels + x, last, (n - x) * sizeof(std::uint32_t));
        }
    }
}

#include "labeling/kernels_walk.inc"

}  // namespace

const Kernels& avx2_kernels() { return table; }

}  // namespace panfuse::labeling

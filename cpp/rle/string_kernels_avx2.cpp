#include <immintrin.h>

#include "rle/string_kernels_tables.h"

namespace panfuse::rle {
namespace {

#include "rle/string_chunk.inc"

__m256i load(const char* p, std::size_t n) {
    if (n >= 32) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    alignas(32) char copy[32];
    _mm256_store_si256(reinterpret_cast<__m256i*>(copy), _mm256_set1_epi8('0'));
    __builtin_memcpy(copy, p, n);
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(copy));
}

// For 8 bits, which 16-bit lanes are theirs, side by side.
struct Sides {
    constexpr Sides() {
        for (unsigned bits = 0; bits < 256; ++bits) {
            unsigned count = 0;
            for (unsigned bit = 0; bit < 8; ++bit) {
                if ((bits >> bit & 1) == 0) continue;
                bytes[bits][2 * count] = static_cast<std::uint8_t>(2 * bit);
                bytes[bits][2 * count + 1] = static_cast<std::uint8_t>(2 * bit + 1);
                ++count;
            }
        }
    }

    alignas(16) std::uint8_t bytes[256][16] = {};
};

constexpr Sides sides;

// 16-bit lanes: of each half of the characters, the first 8 are in `low`.
struct Numbers {
    __m256i low, high;
};

Numbers numbers_of(const Chunk& chunk) {
    const __m256i low_5 = _mm256_set1_epi8(31), zero = _mm256_setzero_si256();
    const __m256i x1 = chunk.one_before(), x2 = chunk.two_before();
    const __m256i two = _mm256_cmpgt_epi8(x1, low_5);
    const __m256i three = _mm256_and_si256(two, _mm256_cmpgt_epi8(x2, low_5));
    // The groups lie in the high 15 bits of a lane, the last one highest; what is not there is 0.
    const __m256i last = _mm256_and_si256(_mm256_slli_epi16(chunk.groups, 3),
                                          _mm256_set1_epi8(static_cast<char>(0xF8)));
    const __m256i before = _mm256_and_si256(_mm256_and_si256(x1, low_5), two);
    const __m256i first = _mm256_and_si256(_mm256_and_si256(x2, low_5), three);
    // Lanes are shifted right by 11, 6 or 1: multiplied by 16, 512 or 16384, and 15 bits less.
    const __m256i by_low = _mm256_andnot_si256(two, _mm256_set1_epi8(16));
    const __m256i by_high = _mm256_xor_si256(_mm256_and_si256(two, _mm256_set1_epi8(0x02)),
                                             _mm256_and_si256(three, _mm256_set1_epi8(0x42)));
    const __m256i weights = _mm256_set1_epi16(64 << 8 | 2);
    const auto lanes = [&](__m256i high_bytes, __m256i pairs, __m256i by) {
        return _mm256_mulhrs_epi16(
            _mm256_or_si256(high_bytes, _mm256_maddubs_epi16(pairs, weights)), by);
    };
    return {lanes(_mm256_unpacklo_epi8(zero, last), _mm256_unpacklo_epi8(first, before),
                  _mm256_unpacklo_epi8(by_low, by_high)),
            lanes(_mm256_unpackhi_epi8(zero, last), _mm256_unpackhi_epi8(first, before),
                  _mm256_unpackhi_epi8(by_low, by_high))};
}

void put(const Chunk& chunk, std::uint32_t ends, std::uint32_t* out) {
    const auto [low, high] = numbers_of(chunk);
    const __m128i quarters[4] = {_mm256_castsi256_si128(low), _mm256_castsi256_si128(high),
                                 _mm256_extracti128_si256(low, 1),
                                 _mm256_extracti128_si256(high, 1)};
    for (const __m128i quarter : quarters) {
        const std::uint32_t bits = ends & 255;
        const __m128i order = _mm_load_si128(reinterpret_cast<const __m128i*>(sides.bytes[bits]));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                            _mm256_cvtepi16_epi32(_mm_shuffle_epi8(quarter, order)));
        out += __builtin_popcount(bits);
        ends >>= 8;
    }
}

StringRead add_up(std::uint32_t* counts, std::size_t n) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i carry = zero, any = zero, total = zero;
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        auto* const at = reinterpret_cast<__m256i*>(counts + i);
        __m256i v = _mm256_loadu_si256(at);
        v = _mm256_add_epi32(v, _mm256_slli_si256(v, 8));
        v = _mm256_add_epi32(v, _mm256_blend_epi32(zero, _mm256_permute4x64_epi64(v, 0x55), 0xF0));
        v = _mm256_add_epi32(v, carry);
        carry = _mm256_permute4x64_epi64(v, 0xFF);
        _mm256_storeu_si256(at, v);
        any = _mm256_or_si256(any, v);
        total = _mm256_add_epi64(total, _mm256_blend_epi32(v, zero, 0xAA));
        total = _mm256_add_epi64(total, _mm256_srli_epi64(v, 32));
    }
    alignas(32) std::uint64_t totals[4];
    _mm256_store_si256(reinterpret_cast<__m256i*>(totals), total);
    std::uint64_t sum = totals[0] + totals[1] + totals[2] + totals[3];
    std::uint32_t high_bits = _mm256_movemask_ps(_mm256_castsi256_ps(any)) != 0 ? 1u << 31 : 0;
    for (; i < n; ++i) {
        if (i > 1) counts[i] += counts[i - 2];
        high_bits |= counts[i];
        sum += counts[i];
    }
    return {n, sum, high_bits >> 31 == 0};
}

#include "rle/string_read.inc"

}  // namespace

const StringKernels& avx2_string_kernels() { return kernels; }

}  // namespace panfuse::rle

#include <immintrin.h>

#include "rle/string_kernels_tables.h"

namespace panfuse::rle {
namespace {

#include "rle/string_chunk.inc"

__m256i load(const char* p, std::size_t n) {
    if (n >= 32) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const auto valid = static_cast<__mmask32>((1u << n) - 1);
    return _mm256_mask_loadu_epi8(_mm256_set1_epi8('0'), valid, p);
}

void put(const Chunk& chunk, std::uint32_t ends, std::uint32_t* out) {
    // The groups lie in the high 15 bits of a lane, the last one highest; what is not there is 0.
    const __m256i low_5 = _mm256_set1_epi8(31);
    const auto two = static_cast<__mmask32>(chunk.more >> 31);
    const auto three = static_cast<__mmask32>(two & chunk.more >> 30);
    const __m512i last = _mm512_cvtepu8_epi16(chunk.groups);
    const __m512i before = _mm512_cvtepu8_epi16(_mm256_and_si256(chunk.one_before(), low_5));
    const __m512i first = _mm512_cvtepu8_epi16(_mm256_and_si256(chunk.two_before(), low_5));
    const __m512i bits = _mm512_or_si512(_mm512_slli_epi16(last, 11),
                                         _mm512_or_si512(_mm512_maskz_slli_epi16(two, before, 6),
                                                         _mm512_maskz_slli_epi16(three, first, 1)));
    __m512i unused = _mm512_set1_epi16(11);
    unused = _mm512_mask_mov_epi16(unused, two, _mm512_set1_epi16(6));
    unused = _mm512_mask_mov_epi16(unused, three, _mm512_set1_epi16(1));
    const __m512i numbers = _mm512_maskz_compress_epi16(ends, _mm512_srav_epi16(bits, unused));
    _mm512_storeu_si512(out, _mm512_cvtepi16_epi32(_mm512_castsi512_si256(numbers)));
    _mm512_storeu_si512(out + 16, _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(numbers, 1)));
}

StringRead add_up(std::uint32_t* counts, std::size_t n) {
    const __m512i zero = _mm512_setzero_si512(), last = _mm512_set1_epi64(7);
    __m512i carry = zero, any = zero, total = zero;
    for (std::size_t i = 0; i < n; i += 16) {
        const auto valid = static_cast<__mmask16>(n - i < 16 ? (1u << (n - i)) - 1 : 0xFFFF);
        __m512i v = _mm512_maskz_loadu_epi32(valid, counts + i);
        v = _mm512_add_epi32(v, _mm512_alignr_epi64(v, zero, 7));
        v = _mm512_add_epi32(v, _mm512_alignr_epi64(v, zero, 6));
        v = _mm512_add_epi32(v, _mm512_alignr_epi64(v, zero, 4));
        v = _mm512_add_epi32(v, carry);
        carry = _mm512_permutexvar_epi64(last, v);
        v = _mm512_maskz_mov_epi32(valid, v);
        _mm512_mask_storeu_epi32(counts + i, valid, v);
        any = _mm512_or_si512(any, v);
        total = _mm512_add_epi64(total, _mm512_maskz_mov_epi32(0x5555, v));
        total = _mm512_add_epi64(total, _mm512_srli_epi64(v, 32));
    }
    const auto sum = static_cast<std::uint64_t>(_mm512_reduce_add_epi64(total));
    return {n, sum, _mm512_movepi32_mask(any) == 0};
}

#include "rle/string_read.inc"

}  // namespace

const StringKernels& avx512_string_kernels() { return kernels; }

}  // namespace panfuse::rle

#include <immintrin.h>

#include "labeling/kernels_tables.h"

namespace panfuse::labeling {
namespace {

#include "labeling/kernels_describe_avx2.inc"
#include "labeling/kernels_sides.inc"
#include "runs/compare_avx512.inc"

struct Ranks {
    std::uint64_t bits;
    std::uint32_t before;

    std::uint32_t at(std::uint64_t up_to) const {
        return before + static_cast<std::uint32_t>(__builtin_popcountll(bits & up_to)) - 1;
    }
};

// Byte x: how many of the bits up to x are set. Each byte of `bits` is spread over 8 lanes and cut
// off after x; what the bytes before it hold is added.
__m512i bits_up_to(std::uint64_t bits) {
    const __m512i byte_of_lane = _mm512_set_epi64(
        0x0707070707070707, 0x0606060606060606, 0x0505050505050505, 0x0404040404040404,
        0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
    const __m512i up_to = _mm512_set1_epi64(static_cast<long long>(0xFF7F3F1F0F070301u));
    const __m512i nibble = _mm512_set1_epi8(15);
    const __m512i ones_of_nibble =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));

    std::uint64_t ones = bits - (bits >> 1 & 0x5555555555555555u);
    ones = (ones & 0x3333333333333333u) + (ones >> 2 & 0x3333333333333333u);
    ones = (ones + (ones >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    const std::uint64_t before = ones * 0x0101010101010100u;

    const __m512i spread =
        _mm512_shuffle_epi8(_mm512_set1_epi64(static_cast<long long>(bits)), byte_of_lane);
    const __m512i cut = _mm512_and_si512(spread, up_to);
    const __m512i low = _mm512_shuffle_epi8(ones_of_nibble, _mm512_and_si512(cut, nibble));
    const __m512i high =
        _mm512_shuffle_epi8(ones_of_nibble, _mm512_and_si512(_mm512_srli_epi16(cut, 4), nibble));
    const __m512i earlier =
        _mm512_shuffle_epi8(_mm512_set1_epi64(static_cast<long long>(before)), byte_of_lane);
    return _mm512_add_epi8(_mm512_add_epi8(low, high), earlier);
}

// Writes `before` plus each byte. The first 16 without a test, since natural maps seldom have more.
void write_bytes(__m512i bytes, std::size_t count, std::uint32_t before, std::uint32_t* out) {
    const __m512i base = _mm512_set1_epi32(static_cast<int>(before));
    const auto write = [&](__m128i sixteen, std::uint32_t* to) {
        _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_cvtepu8_epi32(sixteen), base));
    };
    write(_mm512_castsi512_si128(bytes), out);
    if (count > 16) [[unlikely]] {
        write(_mm512_extracti32x4_epi32(bytes, 1), out + 16);
        write(_mm512_extracti32x4_epi32(bytes, 2), out + 32);
        write(_mm512_extracti32x4_epi32(bytes, 3), out + 48);
    }
}

// Natural maps have one or two contacts in 64 pixels.
constexpr std::size_t few = 2;

std::size_t append_few(std::uint64_t at, std::size_t count, Ranks run, Ranks other, Contacts to) {
    for (std::size_t i = 0; i < few; ++i, at &= at - 1) {
        const std::uint64_t up_to = at ^ (at - 1);
        to.run[i] = run.at(up_to);
        to.other[i] = other.at(up_to);
    }
    return count;
}

std::size_t append(std::uint64_t at, Ranks run, Ranks other, Contacts to) {
    const auto count = static_cast<std::size_t>(__builtin_popcountll(at));
    if (count <= few) return append_few(at, count, run, other, to);
    const auto write = [&](Ranks ranks, std::uint32_t* out) {
        write_bytes(_mm512_maskz_compress_epi8(at, bits_up_to(ranks.bits)), count, ranks.before - 1,
                    out);
    };
    write(run, to.run);
    write(other, to.other);
    return count;
}

std::size_t positions(std::uint64_t bits, std::uint32_t before, std::uint32_t* out) {
    alignas(64) static constexpr std::uint8_t lanes[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const auto count = static_cast<std::size_t>(__builtin_popcountll(bits));
    write_bytes(_mm512_maskz_compress_epi8(bits, _mm512_load_si512(lanes)), count, before, out);
    return count;
}

void store(__m512i labels, __mmask16 pixels, std::uint32_t* out) {
    _mm512_mask_storeu_epi32(out, pixels, labels);
}

void store(__m512i labels, __mmask16 pixels, std::uint16_t* out) {
    _mm256_mask_storeu_epi16(out, pixels, _mm512_cvtepi32_epi16(labels));
}

void store(__m512i labels, __mmask16 pixels, std::uint64_t* out) {
    _mm512_mask_storeu_epi64(out, static_cast<__mmask8>(pixels),
                             _mm512_cvtepu32_epi64(_mm512_castsi512_si256(labels)));
    _mm512_mask_storeu_epi64(out + 8, static_cast<__mmask8>(pixels >> 8),
                             _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(labels, 1)));
}

// The labels of 16 pixels are those of at most 16 runs: loaded at once and permuted by rank. Noise
// is filled as fast as large regions.
template <class Label>
void fill(const BitRow& bits, std::size_t n, const std::uint32_t* labels, void* out) {
    const __m512i up_to = _mm512_setr_epi32(0x1, 0x3, 0x7, 0xF, 0x1F, 0x3F, 0x7F, 0xFF, 0x1FF,
                                            0x3FF, 0x7FF, 0xFFF, 0x1FFF, 0x3FFF, 0x7FFF, 0xFFFF);
    Label* pixels = static_cast<Label*>(out);
    for (std::size_t x = 0; x < n; x += 64) {
        std::uint64_t starts = bits.starts[x / 64], inside = bits.inside[x / 64];
        if ((starts & ~std::uint64_t{1}) == 0 && inside + 1 < 2 && x + 64 <= n) {  // one value
            labels += starts;
            const __m512i one = _mm512_maskz_set1_epi32(static_cast<__mmask16>(inside),
                                                        static_cast<int>(labels[-1]));
            for (std::size_t i = x; i < x + 64; i += 16) store(one, 0xFFFF, pixels + i);
            continue;
        }
        for (std::size_t i = x; i < x + 64 && i < n; i += 16, starts >>= 16, inside >>= 16) {
            const auto here = static_cast<std::uint32_t>(starts & 0xFFFF);
            const __m512i later = _mm512_set1_epi32(static_cast<int>(here & ~1u));
            const __m512i rank = _mm512_popcnt_epi32(_mm512_and_si512(later, up_to));
            // The first pixel is in the run before, unless one starts there.
            const __m512i row = _mm512_loadu_si512(labels - 1 + (here & 1));
            const __m512i sixteen =
                _mm512_maskz_permutexvar_epi32(static_cast<__mmask16>(inside), rank, row);
            labels += __builtin_popcount(here);
            if (i + 16 <= n) [[likely]]
                store(sixteen, 0xFFFF, pixels + i);
            else
                store(sixteen, static_cast<__mmask16>((1u << (n - i)) - 1), pixels + i);
        }
    }
}

__mmask32 positive_lanes(__m512i bits, std::uint16_t) {
    return _mm512_cmplt_epu16_mask(_mm512_sub_epi16(bits, _mm512_set1_epi16(1)),
                                   _mm512_set1_epi16(infinity<std::uint16_t>));
}

__mmask16 positive_lanes(__m512i bits, std::uint32_t) {
    return _mm512_cmplt_epu32_mask(_mm512_sub_epi32(bits, _mm512_set1_epi32(1)),
                                   _mm512_set1_epi32(infinity<std::uint32_t>));
}

__mmask8 positive_lanes(__m512i bits, std::uint64_t) {
    return _mm512_cmplt_epu64_mask(
        _mm512_sub_epi64(bits, _mm512_set1_epi64(1)),
        _mm512_set1_epi64(static_cast<long long>(infinity<std::uint64_t>)));
}

__mmask32 number_lanes(__m512i bits, std::uint16_t) {
    return _mm512_cmple_epu16_mask(
        _mm512_and_si512(bits, _mm512_set1_epi16(largest<std::uint16_t>)),
        _mm512_set1_epi16(infinity<std::uint16_t>));
}

__mmask16 number_lanes(__m512i bits, std::uint32_t) {
    return _mm512_cmple_epu32_mask(
        _mm512_and_si512(bits, _mm512_set1_epi32(largest<std::uint32_t>)),
        _mm512_set1_epi32(infinity<std::uint32_t>));
}

__mmask8 number_lanes(__m512i bits, std::uint64_t) {
    return _mm512_cmple_epu64_mask(
        _mm512_and_si512(bits, _mm512_set1_epi64(static_cast<long long>(largest<std::uint64_t>))),
        _mm512_set1_epi64(static_cast<long long>(infinity<std::uint64_t>)));
}

template <class T>
Sides sides(const T* bits) {
    constexpr std::size_t lanes = 64 / sizeof(T);
    Mask<T> positive[sizeof(T)], number[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        const __m512i some = _mm512_loadu_si512(bits + i * lanes);
        positive[i] = positive_lanes(some, T{});
        number[i] = number_lanes(some, T{});
    }
    const std::uint64_t above = joined(positive);
    return {above, joined(number) & ~above};
}

#include "labeling/kernels_walk.inc"

}  // namespace

const Kernels& avx512_kernels() { return table; }

}  // namespace panfuse::labeling

#include <immintrin.h>

#include "png/zlib_kernels_tables.h"

namespace panfuse::png {
namespace {

struct Vector {
    static constexpr std::size_t bytes = 64;

    static Vector load(const std::uint8_t* p) { return {_mm512_loadu_si512(p)}; }
    void store(std::uint8_t* p) const { _mm512_storeu_si512(p, value); }

    __m512i value;
};

#include "png/periods.inc"

constexpr Periods<64, 64> periods;

void repeat(std::uint8_t* out, std::size_t distance, std::size_t length) {
    const __m512i source = Vector::load(out - distance).value;
    const Vector pattern{
        _mm512_permutexvar_epi8(Vector::load(periods.bytes[distance]).value, source)};
    for (std::size_t i = 0; i < length; i += periods.length[distance]) pattern.store(out + i);
}

#include "png/symbols.inc"

std::uint64_t sum_of_lanes(__m512i v) {
    alignas(64) std::uint32_t lanes[16];
    _mm512_store_si512(lanes, v);
    std::uint64_t sum = 0;
    for (const std::uint32_t lane : lanes) sum += lane;
    return sum;
}

struct Sums {
    static constexpr std::size_t bytes = 64;

    void add(const std::uint8_t* p) {
        alignas(64) static constexpr std::int8_t weights[64] = {
            64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43,
            42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21,
            20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3,  2,  1};
        const __m512i block = _mm512_loadu_si512(p);
        before_ = _mm512_add_epi32(before_, total_);
        total_ = _mm512_add_epi32(total_, _mm512_sad_epu8(block, _mm512_setzero_si512()));
        const __m512i pairs = _mm512_maddubs_epi16(block, _mm512_load_si512(weights));
        weighted_ = _mm512_add_epi32(weighted_, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
    }
    std::uint64_t total() const { return sum_of_lanes(total_); }
    std::uint64_t before() const { return sum_of_lanes(before_); }
    std::uint64_t weighted() const { return sum_of_lanes(weighted_); }

    __m512i total_ = _mm512_setzero_si512(), before_ = total_, weighted_ = total_;
};

#include "png/adler32.inc"
#include "png/crc32_fold.inc"

constexpr ZlibKernels kernels{decode_symbols, adler32, fold_crc32};

}  // namespace

const ZlibKernels& avx512_zlib_kernels() { return kernels; }

}  // namespace panfuse::png

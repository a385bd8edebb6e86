#include <immintrin.h>

#include "png/zlib_kernels_tables.h"

namespace panfuse::png {
namespace {

struct Vector {
    static constexpr std::size_t bytes = 32;

    static Vector load(const std::uint8_t* p) {
        return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))};
    }
    void store(std::uint8_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), value); }

    __m256i value;
};

#include "png/periods.inc"

constexpr Periods<16, 32> periods;

void repeat(std::uint8_t* out, std::size_t distance, std::size_t length) {
    const auto load_half = [](const std::uint8_t* p) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    };
    if (distance >= 16) {
        for (std::size_t i = 0; i < length; i += 16)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), load_half(out + i - distance));
        return;
    }
    const __m256i source = _mm256_broadcastsi128_si256(load_half(out - distance));
    const Vector pattern{_mm256_shuffle_epi8(source, Vector::load(periods.bytes[distance]).value)};
    for (std::size_t i = 0; i < length; i += periods.length[distance]) pattern.store(out + i);
}

#include "png/symbols.inc"

std::uint64_t sum_of_lanes(__m256i v) {
    alignas(32) std::uint32_t lanes[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), v);
    std::uint64_t sum = 0;
    for (const std::uint32_t lane : lanes) sum += lane;
    return sum;
}

struct Sums {
    static constexpr std::size_t bytes = 32;

    void add(const std::uint8_t* p) {
        const __m256i weights =
            _mm256_setr_epi8(32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15,
                             14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
        const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
        before_ = _mm256_add_epi32(before_, total_);
        total_ = _mm256_add_epi32(total_, _mm256_sad_epu8(block, _mm256_setzero_si256()));
        const __m256i pairs = _mm256_maddubs_epi16(block, weights);
        weighted_ = _mm256_add_epi32(weighted_, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
    std::uint64_t total() const { return sum_of_lanes(total_); }
    std::uint64_t before() const { return sum_of_lanes(before_); }
    std::uint64_t weighted() const { return sum_of_lanes(weighted_); }

    __m256i total_ = _mm256_setzero_si256(), before_ = total_, weighted_ = total_;
};

#include "png/adler32.inc"
#include "png/crc32_fold.inc"

constexpr ZlibKernels kernels{decode_symbols, adler32, fold_crc32};

}  // namespace

const ZlibKernels& avx2_zlib_kernels() { return kernels; }

}  // namespace panfuse::png

#include "png/zlib_kernels_tables.h"

namespace panfuse::png {
namespace {

struct Vector {
    static constexpr std::size_t bytes = 16;

    static Vector load(const std::uint8_t* p) {
        Vector vector;
        __builtin_memcpy(vector.value, p, bytes);
        return vector;
    }
    void store(std::uint8_t* p) const { __builtin_memcpy(p, value, bytes); }

    std::uint8_t value[bytes];
};

void repeat(std::uint8_t* out, std::size_t distance, std::size_t length) {
    // What repeats after `distance` repeats after its multiples too: the first that a vector fits.
    const std::uint8_t* from = out - distance;
    const std::uint8_t* const end = out + length;
    for (std::size_t period = distance; period < Vector::bytes; period += distance)
        for (std::size_t i = 0; i < distance; ++i, ++out) *out = *(out - distance);
    for (; out < end; out += Vector::bytes, from += Vector::bytes) Vector::load(from).store(out);
}

#include "png/symbols.inc"

struct Sums {
    static constexpr std::size_t bytes = 16;

    void add(const std::uint8_t* p) {
        std::uint32_t sum = 0, weight = 0;
        for (std::uint32_t i = 0; i < bytes; ++i) {
            sum += p[i];
            weight += static_cast<std::uint32_t>(bytes - i) * p[i];
        }
        before_ += total_;
        total_ += sum;
        weighted_ += weight;
    }
    std::uint64_t total() const { return total_; }
    std::uint64_t before() const { return before_; }
    std::uint64_t weighted() const { return weighted_; }

    std::uint32_t total_ = 0, before_ = 0, weighted_ = 0;
};

#include "png/adler32.inc"

std::size_t fold_crc32(const std::uint8_t*, std::size_t, std::uint32_t, std::uint8_t*) { return 0; }

constexpr ZlibKernels kernels{decode_symbols, adler32, fold_crc32};

}  // namespace

const ZlibKernels& baseline_zlib_kernels() { return kernels; }

}  // namespace panfuse::png

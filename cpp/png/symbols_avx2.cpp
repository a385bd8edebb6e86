#include <immintrin.h>

#include "png/symbols_tables.h"

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

#include "png/symbols_loop.inc"

}  // namespace

const SymbolTable& avx2_symbols() { return table; }

}  // namespace panfuse::png

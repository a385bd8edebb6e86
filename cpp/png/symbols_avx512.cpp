#include <immintrin.h>

#include "png/symbols_tables.h"

namespace panfuse::png {
namespace {

struct Vector {
    static constexpr std::size_t bytes = 64;

    static Vector load(const std::uint8_t* p) { return {_mm512_loadu_si512(p)}; }
    void store(std::uint8_t* p) const { _mm512_storeu_si512(p, value); }

    __m512i value;
};

#include "png/symbols_loop.inc"

}  // namespace

const SymbolTable& avx512_symbols() { return table; }

}  // namespace panfuse::png

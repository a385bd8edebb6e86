#include "png/symbols_tables.h"

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

#include "png/symbols_loop.inc"

}  // namespace

const SymbolTable& baseline_symbols() { return table; }

}  // namespace panfuse::png

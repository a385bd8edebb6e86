// The inner loop of inflate: the symbols of a block, while none of them needs a check of its own.
// One function for each instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "png/huffman.h"
#include "support/isa.h"

namespace panfuse::png {

inline constexpr unsigned literal_table_bits = 11, distance_table_bits = 9;

// A stream within a block of codes.
struct SymbolState {
    const std::uint8_t* in;  // the first byte that is not in `bits`
    const std::uint8_t* in_end;
    std::uint8_t* out_begin;
    std::uint8_t* out;
    std::uint8_t* out_end;
    std::uint64_t bits;  // the next `count` bits, lowest first; no others are set
    unsigned count;
    const HuffmanEntry* literals;   // of literal_table_bits
    const HuffmanEntry* distances;  // of distance_table_bits
};

enum class SymbolsEnd : std::uint8_t {
    near_edge,  // input or output is nearly at its end, and the block goes on
    block,      // the block ended
    corrupt
};

// Decodes symbols and moves `state` on. Writes only [out, out_end), and there also past the new
// `out`.
using DecodeSymbols = SymbolsEnd (*)(SymbolState& state);

// The one of the instruction set in use (see support/isa.h).
DecodeSymbols decode_symbols();

}  // namespace panfuse::png

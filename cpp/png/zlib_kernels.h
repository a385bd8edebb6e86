// The loops that PNG files spend their time in before they are rows: one table of functions for
// each instruction set.
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

struct ZlibKernels {
    // Decodes symbols, while none of them needs a check of its own, and moves `state` on. Writes
    // only [out, out_end), and there also past the new `out`.
    SymbolsEnd (*decode_symbols)(SymbolState& state);

    // RFC 1950, 8.2.
    std::uint32_t (*adler32)(const std::uint8_t* bytes, std::size_t n);

    // Takes bytes of a CRC-32 whose remainder so far is given, and returns how many: what is left
    // of them are 16 `folded` bytes, to go on with from a remainder of 0. None taken: 0.
    std::size_t (*fold_crc32)(const std::uint8_t* bytes, std::size_t n, std::uint32_t remainder,
                              std::uint8_t* folded);
};

// Those of the instruction set in use (see support/isa.h).
const ZlibKernels& zlib_kernels();

}  // namespace panfuse::png

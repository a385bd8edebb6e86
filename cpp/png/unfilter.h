// Undoes the filters of RGB rows, straight into ids. One table of functions for each instruction
// set.
//
// A row of ids takes the place of the row above it, so that both stay in the nearest cache. Nearly
// all residuals of a label map are zero. Where the residual is zero and the pixel above equals its
// left neighbour, Paeth predicts the left pixel: only the other pixels, some 25 a row, are walked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "support/isa.h"

namespace panfuse::png {

enum Filter : std::uint8_t { filter_none, filter_sub, filter_up, filter_average, filter_paeth };
inline constexpr std::size_t filters = 5;

// Bytes after a row of residuals that are read, and mean nothing.
inline constexpr std::size_t residual_slack = 256;

// Ids are kept in rows of whole words of 64; before the first lie `id_margin` zeros.
inline constexpr std::size_t id_margin = 16;

struct Unfilter {
    // `residuals`: 3 bytes a pixel. `row`: the ids above, and then the ids of this row. `changes`:
    // bit x is set where x == 0 or row[x] != row[x - 1], in and out; bits from `width` on are 0.
    // row[width] and on, up to a whole word, hold anything.
    using Row = void (*)(const std::uint8_t* residuals, std::size_t width, std::uint32_t* row,
                         std::uint64_t* changes);

    std::array<Row, filters> rgb;  // indexed by Filter
};

// The functions for the instruction set in use (see support/isa.h).
const Unfilter& unfilter();

}  // namespace panfuse::png

// What is done 64 pixels of a mask at a time. One table for each instruction set; all give the same
// bits. Rows of masks are rows of words; bits past the row are 0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/isa.h"

namespace panfuse::fusion {

// A row of a mask that is pasted: each column mixes four values, of the mask's row above and of the
// one below, with the weights of the row and of the column. The order of the sums is that of
// torch's grid_sample on a CPU.
struct PasteRow {
    const float *above_left, *above_right, *below_left, *below_right;
    const float *left, *right;  // weights of the columns
    float above, below;         // weights of the row
    std::size_t words;          // columns are 64 times as many
};

// When a value is foreground.
struct Threshold {
    float value;
    bool strict;  // above it, rather than at least it
};

struct Overlap {
    std::int64_t area = 0, shared = 0;
};

struct MaskKernels {
    // The foreground of n values.
    void (*foreground)(const float* values, std::size_t n, Threshold threshold,
                       std::uint64_t* bits);
    // The foreground of a pasted row.
    void (*paste)(const PasteRow& row, Threshold threshold, std::uint64_t* bits);
    // Adds up the bits of a row, and those that `occupied` has too.
    void (*measure)(const std::uint64_t* bits, const std::uint64_t* occupied, std::size_t words,
                    Overlap* sum);
    // Writes a value where bits are set.
    void (*paint)(const std::uint64_t* bits, std::size_t words, std::int32_t value,
                  std::int32_t* out);
    // Replaces n values by what `table` has at them; they may be negative.
    void (*remap)(const std::int32_t* table, std::size_t n, std::int32_t* values);
};

const MaskKernels& mask_kernels();

}  // namespace panfuse::fusion

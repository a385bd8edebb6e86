// What is done 16 pixels of the masks of queries at a time. One table for each instruction set; all
// give the same bits. Lines are multiples of 16 floats; what lies past their pixels is any number.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/isa.h"

namespace panfuse::fusion {

inline constexpr std::size_t query_group = 16;
inline constexpr std::size_t query_tile_width = 64;  // a tile's row of codes is one word of bits
inline constexpr std::size_t query_window = 32;

// 16 columns that are sampled from a line: fma(near, line[first], far * line[second]).
struct ColumnGroup {
    std::int32_t start;  // of the line; first and second count from here
    bool windowed;       // whether all taps lie in query_window floats from there
    std::int32_t first[16], second[16];
    float near[16], far[16];
};

// When a probability, or the logit it is made of, is foreground.
struct QueryThreshold {
    float value;      // the least probability
    float low, high;  // logits below are not, from `high` on are; between, the sigmoid decides
};

// Where rows of a tile lie among lines: fma(near, line[top], far * line[bottom]).
struct RowTaps {
    const std::int32_t *top, *bottom;
    const float *near, *far;
    std::size_t count;
};

// Queries that compete for a tile: a pixel goes to the first with the greatest score times
// probability, where NaN is greater than anything, as in torch.argmax.
struct QueryContest {
    const float* const* lines;  // of each query, query_tile_width floats each
    const float* scores;
    const float* logs;  // of the scores
    const std::uint16_t* queries;
    std::size_t count;  // of queries, at least 1, ascending
    RowTaps rows;
    std::size_t groups;  // of columns
    QueryThreshold threshold;
    bool probabilities;  // whether lines hold those, rather than logits
    bool marked;         // whether codes tell foreground; needed of probabilities only
    bool careful;        // whether there may be NaN
};

// A code is twice the query, and one more where the query's probability is foreground.
struct Tally {
    std::int64_t count;
    std::uint64_t columns;     // which have such a pixel
    std::int32_t first, last;  // rows that have; -1 if none
};

struct LineExtent {
    float least, greatest, doubt;
};

struct QueryKernels {
    void (*stretch)(const float* line, const ColumnGroup* groups, std::size_t count, float* out);
    void (*mix)(const float* top, const float* bottom, float near, float far, std::size_t n,
                float* out);
    // The sigmoid of n logits.
    void (*squash)(const float* logits, std::size_t n, float* out);
    // The least of `least`, the greatest of `greatest`, and 0 if all of `doubt` are.
    LineExtent (*extent)(const float* least, const float* greatest, const float* doubt,
                         std::size_t n);

    void (*contest8)(const QueryContest& contest, std::uint8_t* codes, std::size_t stride);
    void (*contest16)(const QueryContest& contest, std::uint16_t* codes, std::size_t stride);
    // Pixels of a tile that are foreground: of probabilities times `weight`, or of logits.
    std::int64_t (*foreground)(const float* lines, const RowTaps& rows, std::size_t width,
                               const QueryThreshold& threshold, float weight, bool probabilities);
    // The pixels of a tile with a code.
    Tally (*tally8)(const std::uint8_t* codes, std::size_t stride, std::size_t height,
                    std::size_t width, std::uint8_t code);
    Tally (*tally16)(const std::uint16_t* codes, std::size_t stride, std::size_t height,
                     std::size_t width, std::uint16_t code);
    // n codes as what `ids` has at them. Ids of 8-bit codes are below 256.
    void (*remap8)(const std::uint8_t* codes, std::size_t n, const std::int32_t* ids,
                   std::int32_t* out);
    void (*remap16)(const std::uint16_t* codes, std::size_t n, const std::int32_t* ids,
                    std::int32_t* out);
};

const QueryKernels& query_kernels();

}  // namespace panfuse::fusion

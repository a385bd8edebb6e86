// Bilinear resampling with half-pixel centres (or with corners on corners), axis by axis and bit
// for bit as torch does it on a CPU: first along rows, then between them, each step as fma(near, a,
// far * b).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/isa.h"

namespace panfuse::fusion {

// Where each place of an axis samples the axis that it is stretched from.
struct Taps {
    std::vector<std::int32_t> first, second;  // the taps; second is first or first + 1
    std::vector<float> near, far;             // their weights, which add up to 1
};

// Of the first `count` places of an axis of `length` that is stretched from one of `source`. More
// follow, up to a multiple of `multiple`: they repeat the last. With `align_corners` the ends of
// the axes lie on each other, rather than the ends of their first and last places.
Taps find_taps(std::int64_t source, std::int64_t length, std::int64_t count,
               std::int64_t multiple = 1, bool align_corners = false);

// Places that are done at a time: kernels work on whole blocks, whatever lies in them.
inline constexpr std::size_t block_width = 32;

// Rows of channels that compete for a block of pixels: the class of a pixel is the first channel
// with the greatest value, where NaN is greater than anything, as in torch.argmax.
struct Contest {
    const float* top;     // channel k's block starts at top + k * block_width
    const float* bottom;  // the same of the next source row
    float near, far;      // weights of top and bottom
    const std::uint16_t* channels;
    std::size_t count;  // of channels, at least 1
    bool careful;       // whether there may be NaN
};

// One table for each instruction set; all give the same bits.
struct ResampleKernels {
    // For each place: the least and greatest of `count` rows, and 0 in `doubt` if all are finite.
    void (*bounds)(const float* const* rows, std::size_t count, std::size_t n, float* least,
                   float* greatest, float* doubt);

    // least[i] and greatest[i] of places i and i + step. n counts the results.
    void (*spread)(const float* least, const float* greatest, std::size_t step, std::size_t n,
                   float* least_out, float* greatest_out);

    // Samples a row at the block of taps that starts at `taps`.
    void (*stretch)(const float* row, const std::int32_t* first, const std::int32_t* second,
                    const float* near, const float* far, float* out);

    // The winners of a block.
    void (*contest)(const Contest& contest, std::uint16_t* classes);

    // Enters a channel of a block: `best` and `classes` are its result so far.
    void (*challenge)(const float* values, std::uint16_t channel, std::size_t n, float* best,
                      std::uint16_t* classes);
};

const ResampleKernels& resample_kernels();

}  // namespace panfuse::fusion

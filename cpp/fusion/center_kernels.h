// Work on the pixels of heatmaps and offsets. One table of functions for each instruction set; all
// give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/isa.h"

namespace panfuse::fusion {

// A row of a heatmap and its neighbours. The rows before and after the image are of -inf.
struct HeatRows {
    const float *above, *row, *below;
    std::size_t n;
};

// What a pixel of a heatmap must not have around it.
struct PeakRules {
    float threshold;  // 0 or more; a peak is above it
    bool first;       // of equal neighbours only the first can be a peak
    bool nan_hides;   // NaN is greater than any number; otherwise less
};

// A rectangle of pixels that are grouped together.
struct GroupTile {
    std::size_t rows, cols;
    const float* offsets[3];     // by axis, outermost first
    std::ptrdiff_t pitch;        // floats from row to row of the offsets
    float z, y, x;               // the first pixel; z is not read where there are two axes
    const std::uint16_t* codes;  // of classes, with the foreground's bit
    std::uint32_t* keys;         // to write
    std::size_t codes_pitch, keys_pitch;
};

// Centres by axis, outermost first. Axes of a period other than 0 are circular.
struct CenterList {
    const float* at[3];
    std::size_t count;  // 1 to most_owners
    float period[3];
};

// Room for the centres that may win in a tile: each array holds CenterList::count + group_slack.
struct GroupScratch {
    float* at[3];
    float* least;
    std::uint32_t* index;
};

inline constexpr std::size_t group_slack = 16;

struct CenterKernels {
    // Writes the positions of pixels that none of the eight neighbours keeps from being a peak;
    // their count is returned. `out` holds n + 64.
    std::size_t (*peaks)(const HeatRows& rows, const PeakRules& rules, std::uint32_t* out);

    // Whether one of n values keeps `heat` from being a peak; `before`: they come before it.
    bool (*hides)(const float* values, std::size_t n, float heat, bool before,
                  const PeakRules& rules);

    // Writes the key of each pixel: its code, and, if it is foreground, the number, from 1, of the
    // centre nearest to where its offset points. The distance is sqrtf(fma(dx, dx, dy * dy)), and
    // on a tie, or where it is no number, the first centre wins. By whether there are three axes.
    void (*group[2])(const GroupTile& tile, const CenterList& centers, GroupScratch& scratch);

    // The same on circular axes.
    void (*group_circular[2])(const GroupTile& tile, const CenterList& centers,
                              GroupScratch& scratch);
};

const CenterKernels& center_kernels();

}  // namespace panfuse::fusion

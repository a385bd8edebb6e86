// Areas of components and holes, by first pixel: of forests whose roots nobody has numbered.
#pragma once

#include <cstdint>

#include "cuda/labeling/forest.h"
#include "cuda/support/call.h"

namespace panfuse::cuda {

// By root: pixels, under `at_border` where one lies on the border of the image.
inline constexpr std::uint32_t at_border = 0x80000000u;

// For a flat forest of images of that rank, into [items * pixels] words. One launch.
void measure(const Forest& forest, int rank, std::uint32_t* areas, const Call& call);

// What holes are filled with, and how large they may be.
struct HoleOptions {
    int steps, rank;  // of the foreground
    std::int64_t most_area;
};

// Adds to the components of a numbered forest their holes (see labeling/holes.h). Six launches.
void fill_holes(const Forest& forest, const HoleOptions& options, const Call& call);

}  // namespace panfuse::cuda

// How kernels read a flat forest (see forest.h).
#pragma once

#include "cuda/labeling/forest.h"
#include "cuda/support/launch.h"

namespace panfuse::cuda {

// The label of a pixel, in a numbered forest; 0 in the background. `parents` are its image's.
__device__ inline std::uint32_t label_of(const Pixel* parents, Pixel pixel) {
    const std::uint32_t parent = parents[pixel];
    if (parent == no_pixel) return 0;
    const std::uint32_t number = (parent & is_label) != 0 ? parent : parents[parent];
    return number & ~is_label;
}

// The first pixel of a pixel's component, numbered or not; `no_pixel` in the background.
__device__ inline Pixel root_of(const Pixel* parents, Pixel pixel) {
    const std::uint32_t parent = parents[pixel];
    return parent != no_pixel && (parent & is_label) != 0 ? pixel : parent;
}

}  // namespace panfuse::cuda

// How kernels read a flat forest (see forest.h).
#pragma once

#include <cstdint>

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

// The image to which a row belongs, where rows of all images are numbered one after the other.
__device__ inline std::int64_t item_of(const Word* bases, std::int64_t items, std::uint32_t row) {
    std::int64_t low = 0, high = items - 1;
    while (low < high) {
        const std::int64_t middle = low + (high - low + 1) / 2;
        if (bases[middle] <= row)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

// A pixel of a forest for each thread of a grid of blocks_for(items, pixels, blockDim.x).
struct PixelOfThread {
    std::int64_t item;
    Pixel pixel;
    bool exists;

    __device__ explicit PixelOfThread(const Forest& forest) {
        const std::int64_t pixels = forest.pixels();
        const std::int64_t blocks = (pixels + blockDim.x - 1) / blockDim.x;
        item = blockIdx.x / blocks;
        const std::int64_t at = blockIdx.x % blocks * blockDim.x + threadIdx.x;
        exists = at < pixels;
        pixel = static_cast<Pixel>(at);
    }
};

// Where a pixel lies in its image.
struct Place {
    std::uint32_t x, y, z;

    __device__ Place(Pixel pixel, const labeling::Shape& shape) {
        const auto width = static_cast<std::uint32_t>(shape.width);
        const auto height = static_cast<std::uint32_t>(shape.height);
        x = pixel % width;
        pixel /= width;
        y = pixel % height;
        z = pixel / height;
    }
};

// Calls visit(pixel) for the pixels that share a face with one.
template <class Visit>
__device__ void visit_faces(Pixel pixel, const labeling::Shape& shape, Visit visit) {
    const Place at(pixel, shape);
    const auto row = static_cast<Pixel>(shape.width);
    const Pixel plane = row * static_cast<Pixel>(shape.height);
    if (at.z > 0) visit(pixel - plane);
    if (at.y > 0) visit(pixel - row);
    if (at.x > 0) visit(pixel - 1);
    if (at.x + 1 < shape.width) visit(pixel + 1);
    if (at.y + 1 < shape.height) visit(pixel + row);
    if (at.z + 1 < shape.planes) visit(pixel + plane);
}

}  // namespace panfuse::cuda

// A walk over the runs of a forest: a warp has 32 pixels of a row, and what is added up over pixels
// costs one update a run.
#pragma once

#include <cstdint>

#include "cuda/labeling/roots.cuh"
#include "cuda/support/call.h"
#include "cuda/support/grid.h"
#include "cuda/support/launch.h"

namespace panfuse::cuda {

// Pixels [begin, end) of row y of plane z.
struct PixelRun {
    std::int64_t item;
    Pixel first;
    std::uint32_t begin, end, y, z;
};

inline constexpr int walk_threads = tile(256, 64);

// `walker.key(parents, pixel)` tells what pixels of a run have in common, 0 in the background;
// `walker.add(key, run)` takes one.
template <class Walker>
__global__ void __launch_bounds__(walk_threads) walk_row_parts(Forest forest, Walker walker) {
    const labeling::Shape& shape = forest.shape;
    const std::int64_t parts = (shape.width + 31) / 32;
    const std::int64_t part =
        std::int64_t{blockIdx.x} * (walk_threads / 32) + static_cast<int>(threadIdx.x / 32);
    if (part >= forest.items * shape.rows() * parts) return;
    const std::int64_t row = part / parts;
    const int lane = static_cast<int>(threadIdx.x % 32);
    const std::int64_t x = part % parts * 32 + lane;
    const std::int64_t item = row / shape.rows(), row_of_item = row % shape.rows();
    const auto pixel = static_cast<Pixel>(row_of_item * shape.width + x);
    const Pixel* const parents = forest.parents + item * forest.pixels();
    const std::uint32_t key = x < shape.width ? walker.key(parents, pixel) : 0;
    const std::uint32_t before = __shfl_up_sync(full_warp, key, 1);
    const bool starts = lane == 0 || key != before;
    const unsigned later = __ballot_sync(full_warp, starts) & (0xfffffffeu << lane);
    if (!starts || key == 0) return;
    const int length = (later == 0 ? 32 : __ffs(static_cast<int>(later)) - 1) - lane;
    const auto begin = static_cast<std::uint32_t>(x);
    walker.add(key, PixelRun{item, pixel, begin, begin + static_cast<std::uint32_t>(length),
                             static_cast<std::uint32_t>(row_of_item % shape.height),
                             static_cast<std::uint32_t>(row_of_item / shape.height)});
}

template <class Walker>
void walk_runs(const Forest& forest, const Walker& walker, const Call& call) {
    const std::int64_t parts = (forest.shape.width + 31) / 32;
    const unsigned blocks =
        blocks_for(1, forest.items * forest.shape.rows() * parts, walk_threads / 32);
    launch(walk_row_parts<Walker>, blocks, walk_threads, call.stream, forest, walker);
}

}  // namespace panfuse::cuda

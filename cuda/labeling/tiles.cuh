// Tiles of images: what the threads of one block label in shared memory.
#pragma once

#include <cstdint>

#include "cuda/labeling/pictures.h"
#include "cuda/support/launch.h"

namespace panfuse::cuda {

// A row of a tile is part of a warp.
template <int width_, int height_, int depth_>
struct Tile {
    static constexpr int width = width_, height = height_, depth = depth_;
    static constexpr int threads = width * height * depth;
    static_assert(32 % width == 0 && threads % 32 == 0);
};

using FlatTile = Tile<tile(32, 8), tile(16, 8), 1>;
using DeepTile = Tile<tile(32, 4), tile(4, 4), tile(4, 4)>;

// How many tiles an image has along each axis.
struct Tiling {
    std::uint32_t x, y, z;
};

template <class T>
Tiling tiling(const labeling::Shape& shape) {
    const auto tiles = [](std::int64_t length, int side) {
        return static_cast<std::uint32_t>((length + side - 1) / side);
    };
    return {tiles(shape.width, T::width), tiles(shape.height, T::height),
            tiles(shape.planes, T::depth)};
}

// Where the pixel of a thread lies: in its tile and in its image.
template <class T>
struct Spot {
    std::int64_t item;
    std::int32_t in_x, in_y, in_z;
    std::int32_t x, y, z;

    __device__ explicit Spot(const Tiling& tiles) {
        const int thread = static_cast<int>(threadIdx.x);
        in_x = thread % T::width;
        in_y = thread / T::width % T::height;
        in_z = thread / (T::width * T::height);
        std::uint32_t block = blockIdx.x;
        x = static_cast<std::int32_t>(block % tiles.x) * T::width + in_x;
        block /= tiles.x;
        y = static_cast<std::int32_t>(block % tiles.y) * T::height + in_y;
        block /= tiles.y;
        z = static_cast<std::int32_t>(block % tiles.z) * T::depth + in_z;
        item = block / tiles.z;
    }

    // Whether a neighbour lies in the same tile.
    __device__ bool has(int dz, int dy, int dx) const {
        const auto in = [](int at, int side) { return at >= 0 && at < side; };
        return in(in_x + dx, T::width) && in(in_y + dy, T::height) && in(in_z + dz, T::depth);
    }
    __device__ bool on_border() const {
        return !has(-(T::depth > 1), -1, -1) || !has(-(T::depth > 1), 1, 1);
    }

    __device__ bool exists(const labeling::Shape& shape, int dz = 0, int dy = 0, int dx = 0) const {
        const auto in = [](int at, std::int64_t length) { return at >= 0 && at < length; };
        return in(x + dx, shape.width) && in(y + dy, shape.height) && in(z + dz, shape.planes);
    }

    __device__ Pixel pixel(const labeling::Shape& shape, int dz = 0, int dy = 0, int dx = 0) const {
        const auto width = static_cast<Pixel>(shape.width),
                   height = static_cast<Pixel>(shape.height);
        return (static_cast<Pixel>(z + dz) * height + static_cast<Pixel>(y + dy)) * width +
               static_cast<Pixel>(x + dx);
    }
};

}  // namespace panfuse::cuda

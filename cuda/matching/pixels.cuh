// Four consecutive pixels of a pair of maps, loaded by one thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/matching/map_pair.h"
#include "cuda/support/ids.cuh"
#include "cuda/support/launch.h"

namespace panfuse::cuda {

inline constexpr int pixels_per_thread = 4;

// Raw ids, those past the end of an item left 0. `Id` holds 32 bits or 64.
template <class Id>
struct Pixels {
    Id ids[2][pixels_per_thread];
};

template <class Stored, class Id>
__device__ void load_vector(const std::byte* address, Id* ids) {
    constexpr std::size_t bytes = pixels_per_thread * sizeof(Stored);
    struct alignas(bytes < 16 ? bytes : 16) Vector {
        Stored ids[pixels_per_thread];
    };
    const Vector vector = *reinterpret_cast<const Vector*>(address);
    for (int i = 0; i < pixels_per_thread; ++i) ids[i] = vector.ids[i];
}

// `first`: the pixel's place in the item. It is a multiple of four, so that all threads of an item
// that have four pixels to load take the same way.
template <class Id>
__device__ void load_contiguous(const MapPair::Side& map, const std::byte* item, std::int64_t first,
                                int count, Id* ids) {
    const int bytes = map.dtype.bytes;
    const std::byte* const address = item + first * bytes;
    const int vector = bytes == 8 ? 16 : pixels_per_thread * bytes;
    if (count == pixels_per_thread &&
        (reinterpret_cast<std::uintptr_t>(item) & static_cast<unsigned>(vector - 1)) == 0) {
        if (bytes == 1) return load_vector<std::uint8_t>(address, ids);
        if (bytes == 2) return load_vector<std::uint16_t>(address, ids);
        if (bytes == 4) return load_vector<std::uint32_t>(address, ids);
        if constexpr (sizeof(Id) == 8) return load_vector<std::uint64_t>(address, ids);
    }
#pragma unroll
    for (int i = 0; i < pixels_per_thread; ++i) {
        if (i >= count) break;
        const std::byte* const pixel = address + i * bytes;
        ids[i] = static_cast<Id>(map.aligned ? load_raw(pixel, bytes)
                                             : load_raw_unaligned(pixel, bytes));
    }
}

// The byte offsets of a pixel in both maps. `Index` holds the number of pixels of an item.
template <class Index>
__device__ void find_pixel(const MapPair& maps, Index pixel, std::int64_t (&offsets)[2]) {
    offsets[0] = offsets[1] = 0;
    for (int axis = maps.rank - 1; axis >= 0; --axis) {
        Index place = pixel;
        if (axis > 0) {
            const auto length = static_cast<Index>(maps.shape[axis]);
            pixel = place / length;
            place -= pixel * length;
        }
        for (int side = 0; side < 2; ++side)
            offsets[side] += static_cast<std::int64_t>(place) * maps.strides[side][axis];
    }
}

template <bool contiguous, class Id>
__device__ Pixels<Id> load_pixels(const MapPair& maps, const std::byte* const (&item)[2],
                                  std::int64_t first, int count) {
    Pixels<Id> pixels{};
    if constexpr (contiguous) {
#pragma unroll
        for (int side = 0; side < 2; ++side)
            load_contiguous(maps.sides[side], item[side], first, count, pixels.ids[side]);
        return pixels;
    }
    const bool short_index = maps.pixels <= 0xffffffff;
#pragma unroll
    for (int i = 0; i < pixels_per_thread; ++i) {
        if (i >= count) break;
        std::int64_t offsets[2];
        if (short_index)
            find_pixel(maps, static_cast<std::uint32_t>(first + i), offsets);
        else
            find_pixel(maps, static_cast<std::uint64_t>(first + i), offsets);
#pragma unroll
        for (int side = 0; side < 2; ++side) {
            const MapPair::Side& map = maps.sides[side];
            const std::byte* const pixel = item[side] + offsets[side];
            pixels.ids[side][i] =
                static_cast<Id>(map.aligned ? load_raw(pixel, map.dtype.bytes)
                                            : load_raw_unaligned(pixel, map.dtype.bytes));
        }
    }
    return pixels;
}

}  // namespace panfuse::cuda

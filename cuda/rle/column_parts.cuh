// How kernels walk images column by column: a thread has a part of a column, a warp the same rows
// of 32 columns, whose pixels it loads side by side, and a block the parts below each other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/rle/maps.h"
#include "cuda/support/ids.cuh"
#include "cuda/support/launch.h"

namespace panfuse::cuda {

template <int warps_, int rows_>
struct Strip {
    static constexpr int warps = warps_, rows = rows_;  // rows of a thread
    static constexpr int columns = 32, height = warps * rows, threads = warps * columns;
};

using ColumnStrip = Strip<tile(8, 2), tile(16, 3)>;

// How many strips an image has along each axis.
struct StripGrid {
    std::uint32_t x, y;

    template <class S>
    static StripGrid of(const Maps& maps) {
        return {static_cast<std::uint32_t>((maps.width + S::columns - 1) / S::columns),
                static_cast<std::uint32_t>((maps.height + S::height - 1) / S::height)};
    }
};

// Reads elements of one width, or, if they are not aligned, of any.
template <class Stored, bool aligned>
struct Reader {
    using Code = Stored;

    __device__ static Code code(const Maps& maps, const std::byte* address) {
        Code raw;
        if constexpr (aligned)
            raw = *reinterpret_cast<const Stored*>(address);
        else
            raw = load_raw_unaligned(address, maps.dtype.bytes);
        return maps.binary ? (raw & maps.significant) != 0 : raw;
    }
};

// The part of a column that a thread has; rows [y, y_end), none where the image has none.
template <class S>
struct ColumnPart {
    std::int64_t item;
    std::uint32_t x, y, y_end;
    std::int64_t cell;  // of the block's part of the column, in the order of columns
    bool in_image;      // the column is

    __device__ ColumnPart(const Maps& maps, const StripGrid& grid) {
        const std::uint32_t strip = blockIdx.x / grid.x % grid.y;
        item = blockIdx.x / grid.x / grid.y;
        x = blockIdx.x % grid.x * S::columns + threadIdx.x % S::columns;
        const std::uint32_t first = strip * S::height + threadIdx.x / S::columns * S::rows;
        const auto height = static_cast<std::uint32_t>(maps.height);
        in_image = x < maps.width;
        y = first < height && in_image ? first : height;
        y_end = height - y < S::rows ? height : y + S::rows;
        cell = (item * maps.width + x) * grid.y + strip;
    }
};

// The pixels of a part, and the one before them in the order of columns.
template <class Reader, class S>
class ColumnPixels {
  public:
    using Code = typename Reader::Code;

    __device__ ColumnPixels(const Maps& maps, const ColumnPart<S>& part)
        : maps_(maps), part_(part) {
        if (part.y == part.y_end) return;
        const std::byte* const column =
            maps.data + part.item * maps.item_stride + std::int64_t{part.x} * maps.stride;
        const std::byte* const pixels = column + std::int64_t{part.y} * maps.row_stride;
#pragma unroll
        for (int i = 0; i < S::rows; ++i)
            if (has(i)) codes_[i] = Reader::code(maps, pixels + i * maps.row_stride);
        if (part.x == 0 && part.y == 0) return;
        before_ = Reader::code(
            maps, part.y > 0 ? pixels - maps.row_stride
                             : column - maps.stride + (maps.height - 1) * maps.row_stride);
        goes_on_ = in_run(before_);
    }

    // Shows the runs of foreground: `start(place, code)` where one starts, `end(place)` past the
    // last pixel of one, in their order. From the foot of a column a run goes on at the head of the
    // next.
    template <class Start, class End>
    __device__ void visit_runs(Start start, End end) const {
        if (part_.y == part_.y_end) return;
        const auto height = static_cast<std::uint32_t>(maps_.height);
        std::uint32_t place = part_.x * height + part_.y;
        Code code = before_;
        bool inside = goes_on_;
#pragma unroll
        for (int i = 0; i < S::rows; ++i) {
            if (!has(i)) break;
            if (!inside || codes_[i] != code) {
                if (inside) end(place);
                code = codes_[i];
                inside = in_run(code);
                if (inside) start(place, code);
            }
            ++place;
        }
        if (inside && part_.x + 1 == maps_.width && part_.y_end == height) end(place);
    }

  private:
    __device__ bool has(int i) const {
        return part_.y + static_cast<std::uint32_t>(i) < part_.y_end;
    }
    __device__ bool in_run(Code code) const {
        return !maps_.has_background || code != static_cast<Code>(maps_.background);
    }

    const Maps& maps_;
    const ColumnPart<S>& part_;
    Code codes_[S::rows];
    Code before_ = 0;
    bool goes_on_ = false;
};

}  // namespace panfuse::cuda

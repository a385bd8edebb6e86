// What masks share, from their runs alone.
#pragma once

#include <cstdint>
#include <vector>

#include "rle/masks.h"

namespace panfuse::rle {

// A run of foreground: positions column by column, half open.
struct Run {
    std::uint32_t begin, end;
};

// Masks as runs of foreground, none empty and no two touching, with each mask's area.
class Foreground {
  public:
    explicit Foreground(const Masks& masks);

    std::size_t size() const { return areas.size(); }
    std::span<const Run> operator[](std::size_t i) const {
        return {runs.data() + starts[i], runs.data() + starts[i + 1]};
    }

    UninitializedVector<Run> runs;
    std::vector<std::size_t> starts;
    std::vector<std::int64_t> areas;
};

// Pixels of foreground in both.
std::int64_t intersection(std::span<const Run> a, std::span<const Run> b);

// The pixels each of `a` shares with each of `b`, `a` running fastest. All masks have one size.
void intersections(const Masks& a, const Masks& b, std::int64_t* out);

// The same as a part of the union, or, of the masks of `b` that are crowds, of the one of `a`.
// 0 where nothing is shared.
void ious(const Masks& a, const Masks& b, std::span<const std::uint8_t> crowds, double* out);

// A mask of one list, one of the other, and the pixels that are foreground in both.
struct SharedPixels {
    std::int32_t a, b;
    std::int64_t pixels;
};

// All pairs that share a pixel, ascending by (a, b). The work is that of sorting the runs, and one
// step for each two runs that meet.
std::vector<SharedPixels> overlaps(const Masks& a, const Masks& b);

// The same within one list, for pairs of a < b.
struct SelfOverlaps {
    std::vector<SharedPixels> pairs;
    std::int64_t pixels = 0;  // that are foreground in two masks or more
};
SelfOverlaps self_overlaps(const Masks& masks);

}  // namespace panfuse::rle

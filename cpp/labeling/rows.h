// Sums of a component as the columns give them, for an image of any rank.
#pragma once

#include <cstdint>

#include "labeling/rule.h"

namespace panfuse::labeling {

// By axis of the image, first to last.
PF_HD inline void write_extent(const Sums& sums, int rank, std::int64_t* start,
                               std::int64_t* stop) {
    const std::uint32_t begins[] = {sums.z_begin, sums.y_begin, sums.x_begin};
    const std::uint32_t ends[] = {sums.z_end, sums.y_end, sums.x_end};
    for (int axis = 0; axis < rank; ++axis) {
        start[axis] = begins[3 - rank + axis];
        stop[axis] = ends[3 - rank + axis];
    }
}

// COCO's (x, y, w, h) for rank 2: the starts, last axis first, then the extents.
PF_HD inline void write_box(const Sums& sums, int rank, std::int32_t* box) {
    const std::uint32_t begins[] = {sums.x_begin, sums.y_begin, sums.z_begin};
    const std::uint32_t ends[] = {sums.x_end, sums.y_end, sums.z_end};
    for (int axis = 0; axis < rank; ++axis) {
        box[axis] = static_cast<std::int32_t>(begins[axis]);
        box[rank + axis] = static_cast<std::int32_t>(ends[axis] - begins[axis]);
    }
}

PF_HD inline void write_centroid(const Sums& sums, int rank, double* centroid_) {
    const std::uint64_t twice[] = {2 * sums.z, 2 * sums.y, sums.twice_x};
    for (int axis = 0; axis < rank; ++axis)
        centroid_[axis] = centroid(twice[3 - rank + axis], sums.area);
}

}  // namespace panfuse::labeling

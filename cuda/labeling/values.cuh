// What kernels know of a component beside its sums.
#pragma once

#include "cuda/labeling/codes.cuh"
#include "cuda/labeling/roots.cuh"
#include "cuda/labeling/sums.h"

namespace panfuse::cuda {

// The bytes of a component's value; a bool's are 0 or 1.
__device__ inline Word value_of(const Rows& rows, const Pictures& pictures, std::uint32_t row) {
    const Place at(rows.value_pixel(row), pictures.shape);
    const Word raw = raw_at(pictures, item_of(rows.bases, pictures.items, row), at.z, at.y, at.x);
    return pictures.dtype.kind == Dtype::Kind::boolean ? raw != 0 : raw;
}

// The row of a pixel's component; `no_row` in the background.
inline constexpr std::uint32_t no_row = 0xffffffffu;

__device__ inline std::uint32_t row_of(const Rows& rows, std::int64_t item, Pixel pixel) {
    const std::uint32_t label = label_of(rows.forest.parents + item * rows.forest.pixels(), pixel);
    return label == 0 ? no_row : static_cast<std::uint32_t>(rows.bases[item]) + label - 1;
}

}  // namespace panfuse::cuda

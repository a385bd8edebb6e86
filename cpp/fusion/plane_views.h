// Arrays of any rank as planes of rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "support/image.h"

namespace panfuse::fusion {

// The axes (plane, row, column) of an array of rank 1 to 3; those it lacks have length 1.
inline ArrayView as_planes(const ArrayView& array) {
    const auto rank = static_cast<std::size_t>(array.rank);
    ArrayView view;
    view.data = array.data;
    view.dtype = array.dtype;
    view.rank = 3;
    for (std::size_t i = 0; i < 3; ++i) {
        const bool lacks = i + rank < 3;
        view.shape[i] = lacks ? 1 : array.shape[i + rank - 3];
        view.strides[i] = lacks ? 0 : array.strides[i + rank - 3];
    }
    return view;
}

// The part of an array at an index of its first axis.
inline ArrayView part_of(const ArrayView& array, std::int64_t index) {
    ArrayView view = array;
    view.data = static_cast<const std::byte*>(array.data) + index * array.strides[0];
    --view.rank;
    std::copy(array.shape.begin() + 1, array.shape.end(), view.shape.begin());
    std::copy(array.strides.begin() + 1, array.strides.end(), view.strides.begin());
    return view;
}

// Whether rows lie as aligned float32 side by side, and begin a whole number of them apart.
inline bool lies_as_floats(const ArrayView& planes) {
    return planes.dtype == Dtype{Dtype::Kind::floating, 4} &&
           reinterpret_cast<std::uintptr_t>(planes.data) % 4 == 0 && planes.strides[0] % 4 == 0 &&
           planes.strides[1] % 4 == 0 && (planes.shape[2] < 2 || planes.strides[2] == 4);
}

}  // namespace panfuse::fusion

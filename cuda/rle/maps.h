// The images of a batch on a device, as kernels read them: maps of ids, or masks. Their pixels have
// codes, which are equal just where pixels may belong to one run.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/support/ids.cuh"
#include "rle/ids.h"
#include "support/image.h"

namespace panfuse::cuda {

struct Maps {
    const std::byte* data;
    std::int64_t items, height, width;
    std::int64_t item_stride, row_stride, stride;  // bytes
    Dtype dtype;
    bool aligned;      // each element to its own size
    bool binary;       // codes are 0 and 1; otherwise a code is the bytes of an element
    Word significant;  // if binary: the bits of which one must be set for a 1
    bool has_background;
    Word background;  // its code

    PF_HD std::int64_t pixels() const { return height * width; }
    bool empty() const { return items == 0 || pixels() == 0; }
};

// Throws std::invalid_argument for what are no maps of integers.
Maps maps_of_ids(const ArrayView& ids, const rle::IdOptions& options);

}  // namespace panfuse::cuda

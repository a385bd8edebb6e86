// Two id maps of one shape on a device, as a kernel walks them: items (of a batch) of pixels.
//
// A table of pair counts does not depend on the order of pixels, so axes are reordered, turned
// round and merged until as few as possible are left.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/matching/sides.h"
#include "support/image.h"

namespace panfuse::cuda {

struct MapPair {
    struct Side {
        const std::byte* data;     // the first pixel of item 0
        std::int64_t item_stride;  // bytes
        Dtype dtype;
        bool aligned;  // each element to its own size
    };
    Side sides[2];
    std::int64_t items, pixels;  // pixels of one item
    int rank;                    // axes of one item; 0: both maps are contiguous
    std::int64_t shape[max_rank];
    std::int64_t strides[2][max_rank];  // bytes

    bool empty() const { return items == 0 || pixels == 0; }
    bool contiguous() const { return rank == 0; }
    // Whether an id is too wide for two of them to share 64 bits.
    bool wide() const { return sides[0].dtype.bytes == 8 || sides[1].dtype.bytes == 8; }
};

// Throws std::invalid_argument for maps that do not go together.
MapPair pair_maps(const ArrayView& gt, const ArrayView& pred, bool batched);

}  // namespace panfuse::cuda

// The runs of foreground of a batch of images, column by column, on a device.
#pragma once

#include <cstdint>

#include "cuda/rle/maps.h"
#include "cuda/support/call.h"
#include "cuda/support/ids.cuh"

namespace panfuse::cuda {

// Runs in the order of (item, id, place), as columns on the device. A place is a pixel's
// column-major index in its image.
struct Runs {
    std::uint32_t count;
    const Word* keys;            // item and id: see `item` and `id`
    const std::uint32_t* order;  // where in `begins` and `ends` the run of a key stands
    const std::uint32_t *begins, *ends;
    int id_bits;           // the bits in which ids differ, below the item's
    std::uint32_t common;  // the other bits of all ids, in sortable form

    PF_HD std::uint32_t item(std::uint32_t run) const {
        return static_cast<std::uint32_t>(keys[run] >> id_bits);
    }
    PF_HD std::int32_t id(std::uint32_t run) const {
        const std::uint32_t own = static_cast<std::uint32_t>(keys[run] & low_bits(id_bits));
        return static_cast<std::int32_t>((common | own) ^ 0x80000000u);
    }
    PF_HD static Word low_bits(int bits) { return (Word{1} << bits) - 1; }
};

// Finds them. Two launches and a scan for the whole batch, and a sort if there are two ids; waits
// for the stream once. Throws std::invalid_argument, naming the id, for one beyond int32, and
// std::length_error for more runs than 32 bits can number. Not for empty maps.
Runs find_runs(const Maps& maps, const Call& call);

}  // namespace panfuse::cuda

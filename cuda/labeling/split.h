// A map of categories as a panoptic map, on a device: the twin of the core's class.
#pragma once

#include <cstdint>

#include "cuda/labeling/pictures.h"
#include "cuda/labeling/sums.h"
#include "cuda/support/call.h"
#include "labeling/columns.h"
#include "support/image.h"

namespace panfuse::cuda {

class Split {
  public:
    // The map and `call` are used until `write` has been enqueued.
    Split(const ArrayView& semantic, labeling::SplitOptions options, const Call& call);
    Split(const Split&) = delete;
    Split& operator=(const Split&) = delete;

    // Finds the segments; how many there are. std::invalid_argument if a category that is not
    // ignored is below 0 or does not fit 32 bits. 15 launches, a sort and two scans; waits for the
    // stream twice.
    std::int64_t count();

    // Writes the map of ids 1..count(), by first pixel, in C order, and one row for each. Two
    // launches; after `count`.
    void write(std::int32_t* ids, const labeling::SegmentColumns& columns) const;

  private:
    Pictures pictures_;
    labeling::SplitOptions options_;
    int rank_;
    Call call_;
    Rows rows_{};
    const OrderedId* things_ = nullptr;  // on the device
};

}  // namespace panfuse::cuda

// Pair counts of two id maps on a device: the twin of the core's class.
#pragma once

#include <memory>
#include <vector>

#include "cuda/support/call.h"
#include "matching/columns.h"

namespace panfuse::cuda {

class Contingency {
  public:
    // The maps and `call` are used until the last `write` has been enqueued.
    Contingency(const ArrayView& gt, const ArrayView& pred,
                const matching::ContingencyOptions& options, const Call& call);
    ~Contingency();
    Contingency(const Contingency&) = delete;
    Contingency& operator=(const Contingency&) = delete;

    // One size per item of a batch, or one. Waits for the stream once. Tables first take one pair
    // for each 128 pixels of an item, at least 2048 and at most 16384 (or all); items with more
    // cost another pass and wait each time that they have 64 times as many.
    std::vector<matching::ContingencySize> count();

    // Writes all items; enqueues on the stream. After `count`. One launch for all items of up to
    // 4096 pairs that the first tables hold; nine, and four sorts, for each other.
    void write(const matching::ContingencyColumns& columns) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace panfuse::cuda

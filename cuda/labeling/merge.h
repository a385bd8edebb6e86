// Components that others become part of, or that go: the forest made anew.
#pragma once

#include <cstdint>
#include <vector>

#include "cuda/labeling/sums.h"
#include "cuda/support/call.h"

namespace panfuse::cuda {

struct Merged {
    Rows rows;
    std::vector<std::int64_t> counts;  // by image
};

// `owners`, on the device: by row, the row that it becomes part of, or `no_row` for background; an
// owner owns itself. Components are numbered by first pixel and have the value of their owner.
// Seven launches and a scan; waits for the stream once.
Merged merge(const Rows& rows, const std::uint32_t* owners, const Call& call);

}  // namespace panfuse::cuda

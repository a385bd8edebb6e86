// Places for the threads of a block that have something to put in a list.
#pragma once

#include "cuda/support/launch.h"

namespace panfuse::cuda {

struct BlockCount {
    int before;  // threads before this one that are flagged
    int total;
};

// All threads of a block of `threads` call it; the same shared memory serves every call.
template <int threads>
__device__ BlockCount count_flags(bool flag) {
    static_assert(threads % 32 == 0);
    constexpr int warps = threads / 32;
    using Counts = int[warps];
    PF_SHARED(Counts, counts);
    const unsigned votes = __ballot_sync(full_warp, flag);
    const int warp = static_cast<int>(threadIdx.x / 32);
    const unsigned lane = threadIdx.x % 32;
    if (lane == 0) counts[warp] = __popc(votes);
    __syncthreads();
    BlockCount result{__popc(votes & ~(full_warp << lane)), 0};
    for (int i = 0; i < warps; ++i) {
        if (i < warp) result.before += counts[i];
        result.total += counts[i];
    }
    __syncthreads();
    return result;
}

}  // namespace panfuse::cuda

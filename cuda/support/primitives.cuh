// Algorithms over whole arrays: CUB's on a device, the standard library's on the emulator. Only
// such as have one answer whatever the order of their steps.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "cuda/support/ids.cuh"

namespace panfuse::cuda {

// Arrays of `size` elements; what `keys` and `values` hold comes out in `sorted_keys` and
// `sorted_values`.
struct SortArrays {
    const Word* keys;
    const std::uint32_t* values;
    Word* sorted_keys;
    std::uint32_t* sorted_values;
    std::uint32_t size;
};

// Bytes of temporary memory that `stable_sort_pairs` needs.
std::size_t stable_sort_pairs_bytes(std::uint32_t size);

// Sorts by the low `bits` bits of the keys, ascending; equal keys keep their order.
void stable_sort_pairs(const SortArrays& arrays, int bits, void* temporary,
                       std::size_t temporary_bytes, cudaStream_t stream);

// Bytes of temporary memory that `exclusive_sums` needs.
std::size_t exclusive_sums_bytes(std::uint32_t size);

// sums[i] is the sum of the values before i.
void exclusive_sums(const Word* values, Word* sums, std::uint32_t size, void* temporary,
                    std::size_t temporary_bytes, cudaStream_t stream);

}  // namespace panfuse::cuda

#include "cuda/support/primitives.cuh"

#include "cuda/support/check.h"

#ifdef PANFUSE_EMULATED
#include <algorithm>
#include <numeric>
#include <vector>
#else
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>
#endif

namespace panfuse::cuda {

#ifdef PANFUSE_EMULATED

std::size_t stable_sort_pairs_bytes(std::uint32_t) { return 0; }

void stable_sort_pairs(const SortArrays& arrays, int bits, void*, std::size_t, cudaStream_t) {
    const Word mask = bits == 64 ? ~Word{0} : (Word{1} << bits) - 1;
    std::vector<std::uint32_t> order(arrays.size);
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return (arrays.keys[a] & mask) < (arrays.keys[b] & mask);
    });
    for (std::size_t i = 0; i < order.size(); ++i) {
        arrays.sorted_keys[i] = arrays.keys[order[i]];
        arrays.sorted_values[i] = arrays.values[order[i]];
    }
}

std::size_t exclusive_sums_bytes(std::uint32_t) { return 0; }

void exclusive_sums(const Word* values, Word* sums, std::uint32_t size, void*, std::size_t,
                    cudaStream_t) {
    std::exclusive_scan(values, values + size, sums, Word{0});
}

#else

std::size_t stable_sort_pairs_bytes(std::uint32_t size) {
    std::size_t bytes = 0;
    PF_CUDA(cub::DeviceRadixSort::SortPairs(
        nullptr, bytes, static_cast<const Word*>(nullptr), static_cast<Word*>(nullptr),
        static_cast<const std::uint32_t*>(nullptr), static_cast<std::uint32_t*>(nullptr), size));
    return bytes;
}

void stable_sort_pairs(const SortArrays& arrays, int bits, void* temporary,
                       std::size_t temporary_bytes, cudaStream_t stream) {
    PF_CUDA(cub::DeviceRadixSort::SortPairs(temporary, temporary_bytes, arrays.keys,
                                            arrays.sorted_keys, arrays.values, arrays.sorted_values,
                                            arrays.size, 0, bits, stream));
}

std::size_t exclusive_sums_bytes(std::uint32_t size) {
    std::size_t bytes = 0;
    PF_CUDA(cub::DeviceScan::ExclusiveSum(nullptr, bytes, static_cast<const Word*>(nullptr),
                                          static_cast<Word*>(nullptr), size));
    return bytes;
}

void exclusive_sums(const Word* values, Word* sums, std::uint32_t size, void* temporary,
                    std::size_t temporary_bytes, cudaStream_t stream) {
    PF_CUDA(cub::DeviceScan::ExclusiveSum(temporary, temporary_bytes, values, sums, size, stream));
}

#endif

}  // namespace panfuse::cuda

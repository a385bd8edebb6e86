// The pass over the pixels: counts the pairs of some items of two maps into tables.
#pragma once

#include <cstdint>

#include "cuda/matching/map_pair.h"
#include "cuda/matching/pair_tables.cuh"
#include "cuda/support/call.h"

namespace panfuse::cuda {

// Ids that become 0, in sortable form. A few travel with the launch; more lie on the device,
// ascending.
struct IgnoredIds {
    static constexpr int most_few = 8;
    Word few[most_few];
    const Word* many;
    std::int64_t size;
};

struct CountArguments {
    MapPair maps;
    PairTables tables;          // cleared
    const std::int64_t* items;  // on the device: the item of each row of the tables; null: the row
    std::int64_t rows;
    IgnoredIds ignored[2];
    // Set by `count_pairs`: how a block finds its pixels.
    std::uint32_t blocks_per_item, rounds;
};

// One launch. The maps are not empty.
void count_pairs(CountArguments arguments, cudaStream_t stream);

// Copies the sizes of the counted items to tables that have a row for every item. One launch.
void copy_sizes(const CountArguments& arguments, std::uint32_t* sizes, cudaStream_t stream);

}  // namespace panfuse::cuda

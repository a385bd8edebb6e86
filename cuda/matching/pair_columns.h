// The columns of counted items, in their order.
#pragma once

#include <cstdint>
#include <vector>

#include "cuda/matching/pair_tables.cuh"
#include "cuda/support/call.h"
#include "matching/columns.h"

namespace panfuse::cuda {

// A row of some tables.
struct CountedItem {
    matching::ContingencySize size;
    PairTables tables;
    std::int64_t row = 0;
};

struct CountedBatch {
    std::vector<CountedItem> items;  // none of them empty
    PairTables first;                // with a row for each item, and sizes that are right for all
    Dtype dtypes[2];
};

// One launch for all items that the first tables hold and that have up to 4096 pairs, by comparing
// all with all; the others are sorted, one after the other. No wait.
void write_columns(const CountedBatch& batch, const matching::ContingencyColumns& columns,
                   const Call& call);

}  // namespace panfuse::cuda

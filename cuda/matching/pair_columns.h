// The columns of a counted item, in their order.
#pragma once

#include <cstdint>

#include "cuda/matching/pair_tables.cuh"
#include "cuda/support/call.h"
#include "matching/columns.h"

namespace panfuse::cuda {

struct ColumnArguments {
    ItemTables tables;
    std::uint32_t pairs;  // not 0
    std::uint32_t labels[2];
    Dtype dtypes[2];
    matching::ContingencyColumns columns;
};

// One launch for up to 4096 pairs, by comparing all with all; sorts beyond. No wait.
void write_columns(const ColumnArguments& arguments, const Call& call);

}  // namespace panfuse::cuda

// The tables that the instruction set files define; fusion/query_kernels.cpp chooses among them.
#pragma once

#include "fusion/query_kernels.h"

namespace panfuse::fusion {

const QueryKernels& baseline_query_kernels();
const QueryKernels& avx2_query_kernels();
const QueryKernels& avx512_query_kernels();

}  // namespace panfuse::fusion

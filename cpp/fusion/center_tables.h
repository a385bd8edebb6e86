// The tables that the instruction set files define; fusion/center_kernels.cpp chooses among them.
#pragma once

#include "fusion/center_kernels.h"

namespace panfuse::fusion {

const CenterKernels& baseline_center_kernels();
const CenterKernels& avx2_center_kernels();
const CenterKernels& avx512_center_kernels();

}  // namespace panfuse::fusion

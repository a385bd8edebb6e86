// The tables that the instruction set files define; fusion/mask_kernels.cpp chooses among them.
#pragma once

#include "fusion/mask_kernels.h"

namespace panfuse::fusion {

const MaskKernels& baseline_mask_kernels();
const MaskKernels& avx2_mask_kernels();
const MaskKernels& avx512_mask_kernels();

}  // namespace panfuse::fusion

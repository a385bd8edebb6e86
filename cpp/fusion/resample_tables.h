// The tables that the instruction set files define; fusion/resample.cpp chooses among them.
#pragma once

#include "fusion/resample.h"

namespace panfuse::fusion {

const ResampleKernels& baseline_resample_kernels();
const ResampleKernels& avx2_resample_kernels();
const ResampleKernels& avx512_resample_kernels();

}  // namespace panfuse::fusion

// The tables that the instruction set files define; labeling/kernels.cpp chooses among them.
#pragma once

#include "labeling/kernels.h"

namespace panfuse::labeling {

const Kernels& baseline_kernels();
const Kernels& avx2_kernels();
const Kernels& avx512_kernels();
const Kernels& neon_kernels();

}  // namespace panfuse::labeling

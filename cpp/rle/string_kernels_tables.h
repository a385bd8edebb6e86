// The tables that the instruction set files define; rle/string_kernels.cpp chooses among them.
#pragma once

#include "rle/string_kernels.h"

namespace panfuse::rle {

const StringKernels& avx2_string_kernels();
const StringKernels& avx512_string_kernels();

}  // namespace panfuse::rle

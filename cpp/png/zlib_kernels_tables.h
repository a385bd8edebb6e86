// The tables that the instruction set files define; png/zlib_kernels.cpp chooses among them.
#pragma once

#include "png/zlib_kernels.h"

namespace panfuse::png {

const ZlibKernels& baseline_zlib_kernels();
const ZlibKernels& avx2_zlib_kernels();
const ZlibKernels& avx512_zlib_kernels();

}  // namespace panfuse::png

// Any CPU: one pixel at a time. Without an instruction for it, fma is emulated, which is slow.
#include "fusion/center_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/center_scalar.inc"
using Wide = Single;
#include "fusion/center_walk.inc"

}  // namespace

const CenterKernels& baseline_center_kernels() { return table; }

}  // namespace panfuse::fusion

#include "fusion/resample_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/lanes_baseline.inc"

Ints load_narrow(const std::uint16_t* from) { return *from; }
void store_narrow(std::uint16_t* to, Ints value) { *to = value; }

#include "fusion/resample_walk.inc"

}  // namespace

const ResampleKernels& baseline_resample_kernels() { return table; }

}  // namespace panfuse::fusion

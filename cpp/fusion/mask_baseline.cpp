#include "fusion/mask_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/lanes_baseline.inc"

std::uint64_t passing(Floats value, Threshold threshold) {
    return threshold.strict ? value > threshold.value : value >= threshold.value;
}
void paint_word(std::uint64_t bits, std::int32_t value, std::int32_t* out) {
    for (; bits != 0; bits &= bits - 1) out[__builtin_ctzll(bits)] = value;
}

#include "fusion/mask_walk.inc"

}  // namespace

const MaskKernels& baseline_mask_kernels() { return table; }

}  // namespace panfuse::fusion

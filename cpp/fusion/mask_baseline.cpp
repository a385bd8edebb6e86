// One lane. On x86-64 without FMA the fused product is computed by libm: right, and slow.
#include "fusion/mask_tables.h"

namespace panfuse::fusion {
namespace {

constexpr std::size_t lanes = 1;
using Floats = float;

Floats load(const float* from) { return *from; }
Floats all(float value) { return value; }
Floats times(Floats a, Floats b) { return a * b; }
Floats fused_lanes(Floats a, Floats b, Floats c) { return __builtin_fmaf(a, b, c); }
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

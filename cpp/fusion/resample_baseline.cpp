// One lane. On x86-64 without FMA the fused product is computed by libm: right, and slow.
#include "fusion/resample_tables.h"

namespace panfuse::fusion {
namespace {

constexpr std::size_t lanes = 1;
using Floats = float;
using Ints = std::uint16_t;
using Mask = bool;

Floats load(const float* from) { return *from; }
void store(float* to, Floats value) { *to = value; }
Floats all(float value) { return value; }
Ints all_ints(std::uint16_t value) { return value; }
Floats times(Floats a, Floats b) { return a * b; }
Floats fused_lanes(Floats a, Floats b, Floats c) { return __builtin_fmaf(a, b, c); }
Floats smaller(Floats a, Floats b) { return a < b ? a : b; }
Floats larger(Floats a, Floats b) { return a > b ? a : b; }
Mask greater(Floats a, Floats b) { return a > b; }
Mask not_at_most(Floats a, Floats b) { return !(a <= b); }
Mask ordered(Floats a) { return a == a; }
Mask both(Mask a, Mask b) { return a && b; }
Floats pick(Mask mask, Floats a, Floats b) { return mask ? a : b; }
Ints pick_ints(Mask mask, Ints a, Ints b) { return mask ? a : b; }
Floats gather(const float* from, const std::int32_t* at) { return from[*at]; }
Ints load_narrow(const std::uint16_t* from) { return *from; }
void store_narrow(std::uint16_t* to, Ints value) { *to = value; }

#include "fusion/resample_walk.inc"

}  // namespace

const ResampleKernels& baseline_resample_kernels() { return table; }

}  // namespace panfuse::fusion

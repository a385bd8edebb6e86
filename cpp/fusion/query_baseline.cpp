// One lane. On x86-64 without FMA the fused product is computed by libm: right, and slow.
#include "fusion/query_tables.h"

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
Floats plus(Floats a, Floats b) { return a + b; }
Floats minus(Floats a, Floats b) { return a - b; }
Floats times(Floats a, Floats b) { return a * b; }
Floats over(Floats a, Floats b) { return a / b; }
Floats fused_lanes(Floats a, Floats b, Floats c) { return __builtin_fmaf(a, b, c); }
Floats smaller(Floats a, Floats b) { return a < b ? a : b; }
Floats larger(Floats a, Floats b) { return a > b ? a : b; }
Mask less(Floats a, Floats b) { return a < b; }
Mask greater(Floats a, Floats b) { return a > b; }
Mask at_least(Floats a, Floats b) { return a >= b; }
Mask not_at_most(Floats a, Floats b) { return !(a <= b); }
Mask ordered(Floats a) { return a == a; }
Mask unordered(Floats a) { return a != a; }
Mask both(Mask a, Mask b) { return a && b; }
Mask either(Mask a, Mask b) { return a || b; }
bool any(Mask mask) { return mask; }
Floats pick(Mask mask, Floats a, Floats b) { return mask ? a : b; }
Ints pick_ints(Mask mask, Ints a, Ints b) { return mask ? a : b; }
std::int64_t count_lanes(Mask mask, std::size_t) { return mask; }

float power_of_two(int n) {
    const std::uint32_t bits = static_cast<std::uint32_t>(n + 127) << 23;
    float power;
    __builtin_memcpy(&power, &bits, sizeof power);
    return power;
}

// u times 2 to the power q, in two steps, since q reaches beyond the exponents of floats.
Floats times_power_of_two(Floats u, Floats q) {
    const int n = static_cast<int>(q), half = n >> 1;
    return u * power_of_two(half) * power_of_two(n - half);
}

void take_taps(const float* from, const ColumnGroup& group, std::size_t i, Floats& a, Floats& b) {
    a = from[group.first[i]];
    b = from[group.second[i]];
}

template <class Code>
void store_codes(Code* to, Ints query, Mask foreground) {
    *to = static_cast<Code>(2 * query + foreground);
}

template <class Code>
std::uint64_t matches(const Code* codes, Code code) {
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < query_tile_width; ++i)
        found |= std::uint64_t{codes[i] == code} << i;
    return found;
}

void remap_bytes(const std::uint8_t* codes, std::size_t n, const std::int32_t* ids,
                 std::int32_t* out);
void remap_words(const std::uint16_t* codes, std::size_t n, const std::int32_t* ids,
                 std::int32_t* out);

#include "fusion/query_walk.inc"

void remap_bytes(const std::uint8_t* codes, std::size_t n, const std::int32_t* ids,
                 std::int32_t* out) {
    remap_uniform(codes, n, ids, out);
}
void remap_words(const std::uint16_t* codes, std::size_t n, const std::int32_t* ids,
                 std::int32_t* out) {
    remap_uniform(codes, n, ids, out);
}

}  // namespace

const QueryKernels& baseline_query_kernels() { return table; }

}  // namespace panfuse::fusion

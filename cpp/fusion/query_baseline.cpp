#include "fusion/query_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/lanes_baseline.inc"

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

#include "fusion/query_remap.inc"

constexpr auto remap_bytes = remap_uniform<std::uint8_t>;

#include "fusion/query_walk.inc"

}  // namespace

const QueryKernels& baseline_query_kernels() { return table; }

}  // namespace panfuse::fusion

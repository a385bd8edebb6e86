#include "fusion/scalars.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "support/narrow_floats.h"

namespace panfuse::fusion {
namespace {

template <class T, class Convert>
std::vector<T> read(const ArrayView& array, Convert&& convert) {
    std::vector<T> values;
    const std::int64_t n = array.size();
    values.reserve(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i) {
        const std::byte* from = static_cast<const std::byte*>(array.data);
        std::int64_t rest = i;
        for (auto axis = static_cast<std::size_t>(array.rank); axis-- > 0;) {
            from += rest % array.shape[axis] * array.strides[axis];
            rest /= array.shape[axis];
        }
        std::uint64_t raw = 0;
        std::memcpy(&raw, from, array.dtype.bytes);
        values.push_back(convert(raw));
    }
    return values;
}

std::int64_t integer_of(std::uint64_t raw, Dtype dtype) {
    if (dtype.kind == Dtype::Kind::boolean) return raw != 0;
    if (dtype.kind == Dtype::Kind::signed_integer) {
        const int unused = 64 - 8 * dtype.bytes;
        return static_cast<std::int64_t>(raw << unused) >> unused;
    }
    constexpr auto most = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    return static_cast<std::int64_t>(std::min(raw, most));
}

double real_of(std::uint64_t raw, Dtype dtype) {
    if (dtype.kind == Dtype::Kind::brain_floating)
        return static_cast<double>(from_bfloat(static_cast<std::uint16_t>(raw)));
    if (dtype.kind != Dtype::Kind::floating) return static_cast<double>(integer_of(raw, dtype));
    if (dtype.bytes == 8) return std::bit_cast<double>(raw);
    if (dtype.bytes == 4)
        return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(raw)));
    return static_cast<double>(from_half(static_cast<std::uint16_t>(raw)));
}

}  // namespace

std::vector<double> read_reals(const ArrayView& array) {
    return read<double>(array, [&](std::uint64_t raw) { return real_of(raw, array.dtype); });
}

std::vector<std::int64_t> read_integers(const ArrayView& array) {
    return read<std::int64_t>(array,
                              [&](std::uint64_t raw) { return integer_of(raw, array.dtype); });
}

}  // namespace panfuse::fusion

// Whether arrays share memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "support/image.h"

namespace panfuse::bindings {

// A box of addresses around all elements, as bytes.
inline std::pair<std::uintptr_t, std::uintptr_t> extent(const ArrayView& view) {
    const auto data = reinterpret_cast<std::uintptr_t>(view.data);
    std::int64_t low = 0, high = view.dtype.bytes;
    for (std::size_t i = 0; i < static_cast<std::size_t>(view.rank); ++i) {
        if (view.shape[i] == 0) return {data, data};
        const std::int64_t reach = (view.shape[i] - 1) * view.strides[i];
        (reach < 0 ? low : high) += reach;
    }
    return {data + static_cast<std::uintptr_t>(low), data + static_cast<std::uintptr_t>(high)};
}

// ValueError if an output shares memory with an input.
inline void check_apart(const ArrayView& in, const ArrayView& out) {
    const auto [begin, end] = extent(in);
    const auto [out_begin, out_end] = extent(out);
    if (begin < out_end && out_begin < end)
        throw std::invalid_argument("out: expected memory of its own, got some of the input's");
}

}  // namespace panfuse::bindings

// Ids that a call names, as numbers that sort as they do.
#pragma once

#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bindings/array.h"
#include "support/image.h"

namespace panfuse::bindings {

// Ids, as those among them that the dtype can hold, ascending.
inline std::vector<OrderedId> ordered_ids(const py::iterable& ids, Dtype dtype) {
    const int bits = 8 * dtype.bytes;
    const bool is_signed = dtype.kind == Dtype::Kind::signed_integer;
    const py::int_ one(1);
    const py::object span = one << py::int_(is_signed ? bits - 1 : bits);
    const py::object low = is_signed ? py::object(-span) : py::object(py::int_(0));
    std::vector<OrderedId> ordered;
    for (const py::handle id : ids) {
        if (id < low || id >= span) continue;
        const auto raw = is_signed ? static_cast<std::uint64_t>(id.cast<std::int64_t>())
                                   : id.cast<std::uint64_t>();
        const std::uint64_t mask = ~std::uint64_t{0} >> (64 - bits);
        ordered.push_back(to_ordered(raw & mask, dtype));
    }
    std::sort(ordered.begin(), ordered.end());
    return ordered;
}

}  // namespace panfuse::bindings

// The rows of a fused map as columns of NumPy's.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>

#include "fusion/segments.h"

namespace panfuse::bindings {

// Columns in the order that python/panfuse/_fusion_result.py reads them.
inline pybind11::tuple fused_columns(const fusion::Fused& fused, int rank) {
    namespace py = pybind11;
    const auto n = static_cast<py::ssize_t>(fused.segments.size());
    const py::ssize_t sides = 2 * rank;
    py::array_t<std::int32_t> category(n), source(n), box({n, sides});
    py::array_t<bool> is_thing(n), is_crowd(n);
    py::array_t<float> score(n);
    py::array_t<std::int64_t> area(n), original(n);
    for (py::ssize_t row = 0; row < n; ++row) {
        const fusion::Segment& segment = fused.segments[static_cast<std::size_t>(row)];
        category.mutable_at(row) = segment.category;
        is_thing.mutable_at(row) = segment.is_thing;
        is_crowd.mutable_at(row) = segment.is_crowd;
        score.mutable_at(row) = segment.score;
        area.mutable_at(row) = segment.area;
        for (py::ssize_t side = 0; side < sides; ++side)
            box.mutable_at(row, side) = segment.box[side];
        source.mutable_at(row) = segment.source;
        original.mutable_at(row) = segment.original;
    }
    py::array_t<std::uint8_t> decisions(static_cast<py::ssize_t>(fused.decisions.size()));
    for (std::size_t i = 0; i < fused.decisions.size(); ++i)
        decisions.mutable_at(static_cast<py::ssize_t>(i)) =
            static_cast<std::uint8_t>(fused.decisions[i]);
    return py::make_tuple(category, is_thing, is_crowd, score, area, box, source, original,
                          decisions);
}

}  // namespace panfuse::bindings

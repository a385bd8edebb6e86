#include "bindings/bind_fusion_queries.h"

#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/array.h"
#include "bindings/cpu_device.h"
#include "bindings/fused_columns.h"
#include "bindings/id_target.h"
#include "fusion/queries.h"
#include "support/error.h"
#include "support/parallel.h"

namespace panfuse::bindings {
namespace {

// Enums are numbered as in fusion/query_rules.h, and in _fusion_queries_presets.py.
fusion::QueryRules rules_of(const py::dict& given) {
    fusion::QueryRules rules;
    rules.score = static_cast<fusion::QueryScore>(given["score"].cast<int>());
    rules.temperature = given["temperature"].cast<float>();
    rules.threshold = given["threshold"].cast<float>();
    rules.mask_threshold = given["mask_threshold"].cast<float>();
    rules.weigh_foreground = given["weigh_foreground"].cast<bool>();
    rules.write_foreground = given["write_foreground"].cast<bool>();
    rules.overlap = static_cast<fusion::QueryOverlap>(given["overlap"].cast<int>());
    rules.overlap_threshold = given["overlap_threshold"].cast<double>();
    rules.numbering = static_cast<fusion::QueryNumbering>(given["numbering"].cast<int>());
    return rules;
}

using Pair = std::pair<std::int64_t, std::int64_t>;
using Step = std::tuple<Pair, Pair, bool, bool>;  // size, crop, align_corners, probabilities

// The ids, with one axis, or `out`; the columns of fused_columns.h; and of
// each query of enough score its index, class, score and segment.
py::tuple fuse_queries(const py::object& mask_logits, const py::object& class_logits,
                       const std::vector<Step>& resize, std::vector<std::int32_t> categories,
                       std::vector<std::uint8_t> things, const py::dict& rules,
                       const py::object& out, std::optional<int> threads, py::object library) {
    Caller caller(std::move(library));
    CpuDevice::check(caller.place());
    const fusion::QueryRules given = rules_of(rules);
    const fusion::QueryClasses classes{std::move(categories), std::move(things)};
    const Array masks = caller.take(mask_logits, "mask_logits", Accept::floats);
    const Array scores = caller.take(class_logits, "class_logits", Accept::floats);
    std::vector<fusion::ResizeStep> steps;
    for (const auto& [size, crop, align_corners, probabilities] : resize)
        steps.push_back(
            {size.first, size.second, crop.first, crop.second, align_corners, probabilities});
    const Pair size = std::get<1>(resize.back());
    const std::int64_t pixels = size.first * size.second;
    const IdTarget target(caller, out, image_shape(size.first, size.second),
                          {&masks.view, &scores.view});
    fusion::QueryDecisions decisions;
    std::vector<fusion::Query> kept;
    {
        py::gil_scoped_release release;
        decisions = fusion::fuse_queries(masks.view, scores.view, steps, classes, given,
                                         choose_threads(threads, pixels), target.data(), kept);
    }
    const auto n = static_cast<py::ssize_t>(kept.size());
    py::array_t<std::int32_t> index(n), channel(n), row(n);
    py::array_t<float> score(n);
    for (py::ssize_t k = 0; k < n; ++k) {
        const fusion::Query& query = kept[static_cast<std::size_t>(k)];
        index.mutable_at(k) = query.index;
        channel.mutable_at(k) = query.channel;
        score.mutable_at(k) = query.score;
        row.mutable_at(k) = decisions.row[static_cast<std::size_t>(k)];
    }
    return py::make_tuple(target.array(), fused_columns(decisions.fused, 2),
                          py::make_tuple(index, channel, score, row));
}

}  // namespace

void bind_fusion_queries(py::module_& m) {
    m.def("fuse_queries", &fuse_queries, py::arg("mask_logits"), py::arg("class_logits"),
          py::arg("resize"), py::arg("categories"), py::arg("things"), py::arg("rules"),
          py::arg("out"), py::arg("threads"), py::arg("library"));
}

}  // namespace panfuse::bindings

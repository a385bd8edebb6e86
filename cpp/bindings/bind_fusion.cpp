#include "bindings/bind_fusion.h"

#include <pybind11/stl.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bindings/array.h"
#include "bindings/class_rules.h"
#include "bindings/cpu_device.h"
#include "bindings/fused_columns.h"
#include "bindings/id_target.h"
#include "fusion/fuse_centers.h"
#include "fusion/fuse_votes.h"
#include "fusion/group_pixels.h"
#include "support/error.h"
#include "support/parallel.h"

namespace panfuse::bindings {
namespace {

std::string text(const ArrayView& view, int first = 0) {
    py::tuple shape(static_cast<std::size_t>(view.rank - first));
    for (std::size_t i = 0; i < shape.size(); ++i)
        shape[i] = py::int_(view.shape[i + static_cast<std::size_t>(first)]);
    return py::str(shape);
}

[[noreturn]] void fail(const std::string& what) { throw std::invalid_argument(what); }

// ValueError unless the axes of `view` from `first` on are those of `like`.
void check_shape(const ArrayView& view, int first, const ArrayView& like, const char* name,
                 const char* like_name) {
    bool same = view.rank - first == like.rank;
    for (std::size_t i = 0; same && i < static_cast<std::size_t>(like.rank); ++i)
        same = view.shape[i + static_cast<std::size_t>(first)] == like.shape[i];
    if (!same)
        fail(std::string(name) + ": expected the shape of " + like_name + ", " + text(like) +
             (first > 0 ? ", after the first axis" : "") + ", got " + text(view));
}

void check_axes(const ArrayView& view, const char* name) {
    constexpr auto longest = std::int64_t{1} << 31;
    for (std::size_t i = 0; i < static_cast<std::size_t>(view.rank); ++i)
        if (view.shape[i] >= longest)
            fail(std::string(name) + ": expected axes below 2**31, got " + text(view));
}

// The dicts are made by python/panfuse/_fusion_centers.py.
fusion::CenterOptions center_options(const py::dict& given) {
    fusion::CenterOptions options;
    options.threshold = given["threshold"].cast<float>();
    options.nms_kernel = given["nms_kernel"].cast<std::int64_t>();
    options.top_k = given["top_k"].cast<std::optional<std::int64_t>>();
    options.first = given["first_of_equals"].cast<bool>();
    options.nan_hides = given["nan_hides"].cast<bool>();
    options.top = static_cast<fusion::CenterOptions::Top>(given["top"].cast<int>());
    const auto circular = given["circular"].cast<std::array<bool, 2>>();
    options.circular[0] = circular[0];
    options.circular[1] = circular[1];
    return options;
}

fusion::VoteRules vote_rules(const py::dict& given) {
    fusion::VoteRules rules;
    rules.all_vote = given["all_vote"].cast<bool>();
    rules.all_painted = given["all_painted"].cast<bool>();
    rules.stuff_everywhere = given["stuff_everywhere"].cast<bool>();
    rules.stuff_above = given["stuff_above"].cast<bool>();
    rules.stuff_area = given["stuff_area"].cast<std::int64_t>();
    rules.leftover = static_cast<fusion::VoteRules::Leftover>(given["leftover"].cast<int>());
    rules.crowd_needs_instances = given["crowd_needs_instances"].cast<bool>();
    rules.numbers = static_cast<fusion::VoteRules::Numbers>(given["numbers"].cast<int>());
    rules.number_first = given["number_first"].cast<bool>();
    rules.divisor = given["divisor"].cast<std::int64_t>();
    return rules;
}

// Points (float64, N * 2 numbers) and heats (float32, N) in C order, in the caller's library.
py::tuple find_centers(const py::object& heatmap, const py::dict& options,
                       std::optional<int> threads, py::object library) {
    Caller caller(std::move(library));
    CpuDevice::check(caller.place());
    const Array heat = caller.take(heatmap, "heatmap", Accept::floats);
    if (heat.view.rank != 2) fail("heatmap: expected the shape (H, W), got " + text(heat.view));
    check_axes(heat.view, "heatmap");
    const fusion::CenterOptions given = center_options(options);
    const int count = choose_threads(threads, heat.view.size());
    std::vector<fusion::Center> centers;
    {
        py::gil_scoped_release release;
        centers = fusion::find_centers(heat.view, given, count);
    }
    const auto n = static_cast<std::int64_t>(centers.size());
    const Column points = caller.column(2 * n, float64), heats = caller.column(n, float32);
    for (std::size_t i = 0; i < centers.size(); ++i) {
        points.as<double>()[2 * i] = static_cast<double>(centers[i].y);
        points.as<double>()[2 * i + 1] = static_cast<double>(centers[i].x);
        heats.as<float>()[i] = centers[i].heat;
    }
    return py::make_tuple(points.array, heats.array);
}

void check_offsets(const ArrayView& offsets) {
    const bool fits = (offsets.rank == 3 && offsets.shape[0] == 2) ||
                      (offsets.rank == 4 && offsets.shape[0] == 3);
    if (!fits) fail("offsets: expected the shape (2, H, W) or (3, D, H, W), got " + text(offsets));
    check_axes(offsets, "offsets");
}

// The ids, with one axis where `out` is None. `points` are coordinates by center.
py::object group_pixels(const std::vector<std::vector<double>>& points, const py::object& offsets,
                        const py::object& foreground, const std::array<bool, 3>& circular,
                        const py::object& out, std::optional<int> threads, py::object library) {
    Caller caller(std::move(library));
    CpuDevice::check(caller.place());
    const Array given = caller.take(offsets, "offsets", Accept::floats);
    check_offsets(given.view);
    const ArrayView pixels = fusion::part_of(given.view, 0);
    std::vector<fusion::Point> centers;
    for (const auto& point : points) {
        fusion::Point center{};
        for (std::size_t axis = 0; axis < point.size(); ++axis)
            center[axis] = static_cast<float>(point[axis]);
        centers.push_back(center);
    }
    std::optional<Array> mask;
    if (!foreground.is_none()) {
        mask = caller.take(foreground, "foreground");
        check_shape(mask->view, 0, pixels, "foreground", "offsets");
    }
    const IdTarget target(caller, out, pixels, {&given.view});
    const int count = choose_threads(threads, pixels.size());
    {
        py::gil_scoped_release release;
        fusion::group_pixels(given.view, centers, circular,
                             mask ? std::optional(mask->view) : std::nullopt, target.data(), count);
    }
    return target.array();
}

// The ids, with one axis where `out` is None, and the columns of fused_columns.h.
py::tuple fuse_centers(const py::object& semantic, const py::object& heatmap,
                       const py::object& offsets, const py::object& foreground,
                       const py::tuple& classes, const py::dict& centers, const py::dict& rules,
                       std::pair<std::int64_t, std::int64_t> covered, const py::object& out,
                       std::optional<int> threads, py::object library) {
    Caller caller(std::move(library));
    CpuDevice::check(caller.place());
    const Array semantic_array = caller.take(semantic, "semantic", Accept::labels_or_floats);
    const Array heat = caller.take(heatmap, "heatmap", Accept::floats);
    const Array offset_array = caller.take(offsets, "offsets", Accept::floats);
    if (heat.view.rank != 2) fail("heatmap: expected the shape (H, W), got " + text(heat.view));
    check_axes(heat.view, "heatmap");
    if (offset_array.view.rank != 3 || offset_array.view.shape[0] != 2)
        fail("offsets: expected the shape (2, H, W), got " + text(offset_array.view));
    check_shape(offset_array.view, 1, heat.view, "offsets", "heatmap");
    std::optional<Array> mask;
    if (!foreground.is_none()) {
        mask = caller.take(foreground, "foreground");
        check_shape(mask->view, 0, heat.view, "foreground", "heatmap");
    }
    fusion::CenterFusion fusion;
    fusion.semantic = semantic_array.view;
    fusion.size = {heat.view.shape[0], heat.view.shape[1], covered.first, covered.second};
    fusion.heatmap = heat.view;
    fusion.offsets = offset_array.view;
    if (mask) fusion.foreground = mask->view;
    fusion.classes = class_rules(classes);
    fusion.centers = center_options(centers);
    fusion.rules = vote_rules(rules);
    const IdTarget target(caller, out, heat.view,
                          {&semantic_array.view, &heat.view, &offset_array.view});
    const int count = choose_threads(threads, heat.view.size());
    fusion::Fused fused;
    {
        py::gil_scoped_release release;
        fused = fusion::fuse_centers(fusion, target.data(), count);
    }
    return py::make_tuple(target.array(), fused_columns(fused, 2));
}

// The ids, with one axis where `out` is None, and the columns of fused_columns.h.
py::tuple vote(const py::object& semantic, const py::object& instances,
               const py::object& foreground, bool things_are_foreground, const py::object& weights,
               const py::tuple& classes, const py::dict& rules, const py::object& out,
               std::optional<int> threads, py::object library) {
    Caller caller(std::move(library));
    CpuDevice::check(caller.place());
    const Array semantic_array = caller.take(semantic, "semantic");
    const Array instance_array = caller.take(instances, "instances");
    const ArrayView& view = semantic_array.view;
    if (view.rank < 1 || view.rank > fusion::most_axes)
        fail("semantic: expected 1 to 3 axes, got " + std::to_string(view.rank));
    check_axes(view, "semantic");
    check_shape(instance_array.view, 0, view, "instances", "semantic");
    fusion::VoteFusion fusion;
    std::optional<Array> mask, weight_array;
    if (!foreground.is_none()) {
        mask = caller.take(foreground, "foreground");
        check_shape(mask->view, 0, view, "foreground", "semantic");
        fusion.foreground = mask->view;
    }
    if (!weights.is_none()) {
        weight_array = caller.take(weights, "weights", Accept::floats);
        check_shape(weight_array->view, weight_array->view.rank > view.rank ? 1 : 0, view,
                    "weights", "semantic");
        fusion.weights = weight_array->view;
    }
    fusion.semantic = view;
    fusion.instances = instance_array.view;
    fusion.things_are_foreground = things_are_foreground;
    fusion.classes = class_rules(classes);
    fusion.rules = vote_rules(rules);
    const IdTarget target(caller, out, view, {&view, &instance_array.view});
    const int count = choose_threads(threads, view.size());
    fusion::Fused fused;
    {
        py::gil_scoped_release release;
        fused = fusion::fuse_votes(fusion, target.data(), count);
    }
    return py::make_tuple(target.array(), fused_columns(fused, view.rank));
}

}  // namespace

void bind_fusion(py::module_& m) {
    m.def("find_centers", &find_centers, py::arg("heatmap"), py::arg("options"), py::arg("threads"),
          py::arg("library"));
    m.def("group_pixels", &group_pixels, py::arg("points"), py::arg("offsets"),
          py::arg("foreground"), py::arg("circular"), py::arg("out"), py::arg("threads"),
          py::arg("library"));
    m.def("fuse_centers", &fuse_centers, py::arg("semantic"), py::arg("heatmap"),
          py::arg("offsets"), py::arg("foreground"), py::arg("classes"), py::arg("centers"),
          py::arg("rules"), py::arg("covered"), py::arg("out"), py::arg("threads"),
          py::arg("library"));
    m.def("vote", &vote, py::arg("semantic"), py::arg("instances"), py::arg("foreground"),
          py::arg("things_are_foreground"), py::arg("weights"), py::arg("classes"),
          py::arg("rules"), py::arg("out"), py::arg("threads"), py::arg("library"));
}

}  // namespace panfuse::bindings

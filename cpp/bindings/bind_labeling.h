// The room `labeling` for one device. What `Device` provides stands in cpu_device.h.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/array.h"
#include "bindings/labeling_arguments.h"
#include "bindings/ordered_ids.h"
#include "labeling/columns.h"

namespace panfuse::bindings {

// The labels, with one axis where `out` is None, and how many there are in each image.
template <class Device>
py::tuple label(const py::object& image, const py::object& connectivity,
                const py::object& background, bool binary, bool batched, const std::string& dtype,
                const py::object& out, std::optional<int> threads, py::object library) {
    Caller caller(std::move(library));
    Device::check(caller.place());
    const Array images = caller.take(image, "image", Accept::numbers);
    const labeling::LabelOptions options =
        label_options(images.view, connectivity, background, binary, batched);
    LabelTarget target(caller, images.view, dtype, out);
    auto op = Device::label(images.view, options, threads, caller);
    std::vector<std::int64_t> counts;
    {
        py::gil_scoped_release release;
        counts = op.count();
    }
    target.check_counts(counts);
    target.allocate(caller);
    {
        py::gil_scoped_release release;
        op.write(target.data(), target.dtype().bytes);
        Device::finish(caller);
    }
    return py::make_tuple(target.array(), counts);
}

// The labels as above, the shape of an image's part of the columns, and for each image the columns
// of ComponentColumns with one axis.
template <class Device>
py::tuple components(const py::object& image, const py::object& connectivity,
                     const py::object& background, bool binary, bool batched,
                     const py::dict& filters, const std::string& dtype, const py::object& out,
                     std::optional<int> threads, py::object library) {
    Caller caller(std::move(library));
    Device::check(caller.place());
    const Array images = caller.take(image, "image", Accept::numbers);
    const labeling::LabelOptions options =
        label_options(images.view, connectivity, background, binary, batched);
    const labeling::Filters given = filters_of(filters);
    LabelTarget target(caller, images.view, dtype, out);
    auto op = Device::components(images.view, options, given, threads, caller);
    std::vector<std::int64_t> counts;
    {
        py::gil_scoped_release release;
        counts = op.count();
    }
    target.check_counts(counts);
    target.allocate(caller);
    const ComponentArrays arrays(caller, counts, images.view.dtype,
                                 labeling::image_rank(images.view, options));
    {
        py::gil_scoped_release release;
        op.write(target.data(), target.dtype().bytes, arrays.columns());
        Device::finish(caller);
    }
    return py::make_tuple(target.array(), arrays.items());
}

// The ids, with one axis, and the columns of SegmentColumns.
template <class Device>
py::tuple split_instances(const py::object& semantic, const py::object& connectivity,
                          const py::iterable& things, const py::iterable& ignored,
                          std::int64_t min_area, std::optional<int> threads, py::object library) {
    Caller caller(std::move(library));
    Device::check(caller.place());
    const Array map = caller.take(semantic, "semantic");
    const int rank = map.view.rank;
    labeling::SplitOptions options;
    options.steps = label_options(map.view, connectivity, py::none(), false, false).steps;
    options.things = ordered_ids(things, map.view.dtype);
    options.ignored = ordered_ids(ignored, map.view.dtype);
    options.min_area = min_area;
    auto op = Device::split(map.view, options, threads, caller);
    std::int64_t count = 0;
    {
        py::gil_scoped_release release;
        count = op.count();
    }
    if (count > std::numeric_limits<std::int32_t>::max())
        throw std::overflow_error("semantic: " + std::to_string(count) +
                                  " segments are more than int32 can number");
    const Column ids = caller.column(map.view.size(), int32);
    const Column columns[] = {caller.column(count, int32), caller.column(count, boolean),
                              caller.column(count, int64), caller.column(count * 2 * rank, int32)};
    {
        py::gil_scoped_release release;
        op.write(ids.as<std::int32_t>(),
                 {columns[0].as<std::int32_t>(), columns[1].as<std::uint8_t>(),
                  columns[2].as<std::int64_t>(), columns[3].as<std::int32_t>()});
        Device::finish(caller);
    }
    return py::make_tuple(ids.array, columns[0].array, columns[1].array, columns[2].array,
                          columns[3].array);
}

// Masks with what was asked for done to them, with one axis where `out` is None.
template <class Device>
py::object clean_masks(const py::object& masks, const std::string& argument,
                       const std::string& rule, const py::object& connectivity,
                       std::optional<std::int64_t> hole_area, std::int64_t least_area,
                       std::int64_t sprinkle_area, const py::object& out,
                       std::optional<int> threads, py::object library) {
    Caller caller(std::move(library));
    Device::check(caller.place());
    const Array given = caller.take(masks, argument.c_str(), Accept::numbers);
    const labeling::MaskOptions options = mask_options(given.view, argument, rule, connectivity,
                                                       hole_area, least_area, sprinkle_area);
    MaskTarget target(caller, given.view, out);
    auto op = Device::clean_masks(given.view, options, threads, caller);
    {
        py::gil_scoped_release release;
        op.write(target.data());
        Device::finish(caller);
    }
    return target.array();
}

template <class Device>
void bind_labeling(py::module_& m) {
    m.def("label", &label<Device>, py::arg("image"), py::arg("connectivity"), py::arg("background"),
          py::arg("binary"), py::arg("batched"), py::arg("dtype"), py::arg("out"),
          py::arg("threads"), py::arg("library"));
    m.def("components", &components<Device>, py::arg("image"), py::arg("connectivity"),
          py::arg("background"), py::arg("binary"), py::arg("batched"), py::arg("filters"),
          py::arg("dtype"), py::arg("out"), py::arg("threads"), py::arg("library"));
    m.def("split_instances", &split_instances<Device>, py::arg("semantic"), py::arg("connectivity"),
          py::arg("things"), py::arg("ignored"), py::arg("min_area"), py::arg("threads"),
          py::arg("library"));
    m.def("clean_masks", &clean_masks<Device>, py::arg("masks"), py::arg("argument"),
          py::arg("rule"), py::arg("connectivity"), py::arg("hole_area"), py::arg("least_area"),
          py::arg("sprinkle_area"), py::arg("out"), py::arg("threads"), py::arg("library"));
}

}  // namespace panfuse::bindings

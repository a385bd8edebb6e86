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

template <class Device>
void bind_labeling(py::module_& m) {
    m.def("label", &label<Device>, py::arg("image"), py::arg("connectivity"), py::arg("background"),
          py::arg("binary"), py::arg("batched"), py::arg("dtype"), py::arg("out"),
          py::arg("threads"), py::arg("library"));
}

}  // namespace panfuse::bindings

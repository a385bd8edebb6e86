// The room `rle`. What is given as arrays is taken for one device (cpu_device.h); what is given as
// runs lies on the host.
#pragma once

#include <pybind11/stl.h>

#include <optional>
#include <utility>
#include <vector>

#include "bindings/array.h"
#include "bindings/rle_arguments.h"
#include "bindings/rle_results.h"
#include "rle/ids.h"

namespace panfuse::bindings {

// For each map: its size, and NumPy's columns of ids, areas, boxes (four a segment, with one axis),
// where each segment's counts start, and the counts.
template <class Device>
py::list encode_ids(const py::object& ids, const py::object& background, bool batched,
                    std::optional<int> threads, py::object library) {
    Caller caller(std::move(library));
    Device::check(caller.place());
    const Array maps = caller.take(ids, "ids");
    rle::IdOptions options;
    options.background = background.cast<std::optional<std::int32_t>>();
    options.batched = batched;
    std::vector<rle::Segments> all;
    {
        py::gil_scoped_release release;
        all = Device::encode_ids(maps.view, options, threads, caller);
        Device::finish(caller);
    }
    py::list results;
    for (const rle::Segments& map : all)
        results.append(py::make_tuple(
            py::make_tuple(map.size.height, map.size.width), copied(map.ids.data(), map.ids.size()),
            copied(map.areas.data(), map.areas.size()),
            copied(reinterpret_cast<const std::int32_t*>(map.boxes.data()), 4 * map.boxes.size()),
            copied(map.starts.data(), map.starts.size()),
            copied(map.counts.data(), map.counts.size())));
    return results;
}

// In the submodule `rle`, which is returned.
template <class Device>
py::module_ bind_encode_ids(py::module_& m) {
    py::module_ rle = m.def_submodule("rle");
    rle.def("encode_ids", &encode_ids<Device>, py::arg("ids"), py::arg("background"),
            py::arg("batched"), py::arg("threads"), py::arg("library"));
    return rle;
}

// What has no twin on another device.
void bind_rle(py::module_& rle);

}  // namespace panfuse::bindings

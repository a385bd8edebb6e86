// What the room `rle` does with masks as runs: polygons, set operations, and other programs' ways
// to write them.
#pragma once

#include <pybind11/pybind11.h>

#include "bindings/rle_arguments.h"
#include "bindings/rle_results.h"
#include "rle/masks.h"

namespace panfuse::bindings {

void bind_rle_polygons(py::module_& rle);
void bind_rle_shapes(py::module_& rle);
void bind_rle_exchange(py::module_& rle);

// One dict where one was given, else a list of them.
inline py::object give_like(py::handle given, const rle::Masks& masks, bool text) {
    if (PyDict_Check(given.ptr()) == 0) return give_rles(masks, form_of(text));
    return give_rle(masks[0], masks.size_of(0), form_of(text));
}

}  // namespace panfuse::bindings

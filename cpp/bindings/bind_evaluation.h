// The room `evaluation`. Files are read on the CPU alone.
#pragma once

#include <pybind11/pybind11.h>

namespace panfuse::bindings {

void bind_evaluation(pybind11::module_& m);

}  // namespace panfuse::bindings

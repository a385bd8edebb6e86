// Query networks' outputs, on the CPU.
#pragma once

#include <pybind11/pybind11.h>

namespace panfuse::bindings {

void bind_fusion_queries(pybind11::module_& m);

}  // namespace panfuse::bindings

// Instances over a semantic map, on the CPU.
#pragma once

#include <pybind11/pybind11.h>

namespace panfuse::bindings {

void bind_fusion_instances(pybind11::module_& m);

}  // namespace panfuse::bindings

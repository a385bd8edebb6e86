// Centres, groups of pixels and votes, on the CPU.
#pragma once

#include <pybind11/pybind11.h>

namespace panfuse::bindings {

void bind_fusion(pybind11::module_& m);

}  // namespace panfuse::bindings

// The room `png`. It reads and writes on the CPU alone.
#pragma once

#include <pybind11/pybind11.h>

namespace panfuse::bindings {

void bind_png(pybind11::module_& m);

}  // namespace panfuse::bindings

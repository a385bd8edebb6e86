// The run scanner, for tests and benchmarks alone: it has no public function.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

namespace panfuse::bindings {

void bind_runs(pybind11::module_& m);

}  // namespace panfuse::bindings

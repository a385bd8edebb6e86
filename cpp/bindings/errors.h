// The core's typed errors as Python's.
#pragma once

#include <pybind11/pybind11.h>

#include "support/error.h"

namespace panfuse::bindings {

inline void register_errors() {
    pybind11::register_local_exception_translator([](std::exception_ptr pointer) {
        try {
            if (pointer) std::rethrow_exception(pointer);
        } catch (const TypeError& error) {
            pybind11::set_error(PyExc_TypeError, error.what());
        } catch (const CudaError& error) {
            const auto errors = pybind11::module_::import("panfuse.errors");
            pybind11::set_error(errors.attr("CudaError"), error.what());
        }
    });
}

}  // namespace panfuse::bindings

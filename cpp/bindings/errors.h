// The core's typed errors as Python's. Names of files are bytes to the system, and need not be
// text.
#pragma once

#include <pybind11/pybind11.h>

#include <cerrno>
#include <string>

#include "support/error.h"

namespace panfuse::bindings {

inline pybind11::object system_text(const std::string& text) {
    return pybind11::reinterpret_steal<pybind11::object>(
        PyUnicode_DecodeFSDefaultAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
}

inline void register_errors() {
    pybind11::register_local_exception_translator([](std::exception_ptr pointer) {
        try {
            if (pointer) std::rethrow_exception(pointer);
        } catch (const TypeError& error) {
            pybind11::set_error(PyExc_TypeError, error.what());
        } catch (const FormatError& error) {
            const auto errors = pybind11::module_::import("panfuse.errors");
            pybind11::set_error(errors.attr("FormatError"), system_text(error.what()));
        } catch (const FileError& error) {
            errno = error.number;
            PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, system_text(error.path).ptr());
        } catch (const CudaError& error) {
            const auto errors = pybind11::module_::import("panfuse.errors");
            pybind11::set_error(errors.attr("CudaError"), error.what());
        }
    });
}

}  // namespace panfuse::bindings

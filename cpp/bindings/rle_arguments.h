// The door for masks as runs: COCO's dicts come in as rle::Masks in one call.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>

#include "rle/masks.h"

namespace panfuse::bindings {

namespace py = pybind11;

// Takes a dict, a list or tuple of dicts, or an RleList (which answers `_columns()`). A dict has
// the items "size", two integers, and "counts": a string as bytes or str, a list of integers, or an
// array of integers. Errors name the argument, the mask and what is wrong with it: ValueError for
// values, TypeError for types. Needs the GIL; strings are read without it.
rle::Masks take_rles(py::handle rles, const char* argument);

// The same, and ValueError unless all masks have one size. An empty list has the size 0 x 0.
rle::Masks take_rles_of_one_size(py::handle rles, const char* argument);

// What Python itself would use for these keys in a source text, so that they are found by identity.
struct RleKeys {
    py::str size = interned("size"), counts = interned("counts");

    static py::str interned(const char* key) {
        return py::reinterpret_steal<py::str>(PyUnicode_InternFromString(key));
    }
};

// Two integers, each 0 to 2^31 - 1, and of fewer than 2^32 pixels. `where` starts the message of
// the error.
rle::Size take_size(py::handle size, const std::string& where);

// ValueError unless the sides and pixels are as above; the message starts with `where`.
void check_size(rle::Size size, const std::string& where);

std::string size_text(rle::Size size);

}  // namespace panfuse::bindings

// The door for masks as runs: COCO's dicts come in as rle::Masks in one call, and go out again.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>

#include "rle/masks.h"

namespace panfuse::bindings {

namespace py = pybind11;

// How the counts of a mask are written: as strings of bytes or of text.
enum class Form { bytes, text };

// Takes a dict, a list or tuple of dicts, or an RleList (which answers `_columns()`). A dict has
// the items "size", two integers, and "counts": a string as bytes or str, a list of integers, or an
// array of integers. Errors name the argument, the mask and what is wrong with it: ValueError for
// values, TypeError for types. Needs the GIL; strings are read without it.
rle::Masks take_rles(py::handle rles, const char* argument);

// The same, and ValueError unless all masks have one size. An empty list has the size 0 x 0.
rle::Masks take_rles_of_one_size(py::handle rles, const char* argument);

// Made once for many dicts.
struct RleKeys {
    py::str size{"size"}, counts{"counts"};
};

// Adds one mask's items "size" and "counts" to a dict.
void give_rle_into(py::dict& dict, rle::Runs counts, rle::Size size, Form form,
                   const RleKeys& keys);

// One mask's dict {"size", "counts"}, and those of all as a list.
py::dict give_rle(rle::Runs counts, rle::Size size, Form form);
py::list give_rles(const rle::Masks& masks, Form form);

// Two integers, each 0 to 2^31 - 1, and of fewer than 2^32 pixels. `where` starts the message of
// the error.
rle::Size take_size(py::handle size, const std::string& where);

// The items of what has an order, as a list or tuple; a null object for all else, and for text and
// bytes.
py::object items_in_order(py::handle given);

// ValueError unless the sides and pixels are as above; the message starts with `where`.
void check_size(rle::Size size, const std::string& where);

std::string size_text(rle::Size size);

}  // namespace panfuse::bindings

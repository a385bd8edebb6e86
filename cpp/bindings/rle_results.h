// The door for masks as runs, outwards: COCO's dicts.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "bindings/rle_arguments.h"
#include "rle/masks.h"
#include "support/buffer.h"

namespace panfuse::bindings {

// How the counts of a mask are written: as strings of bytes or of text.
enum class Form { bytes, text };

inline Form form_of(bool text) { return text ? Form::text : Form::bytes; }

// A NumPy array of n elements, copied.
template <class T>
py::array_t<T> copied(const T* from, std::size_t n) {
    py::array_t<T> array(static_cast<py::ssize_t>(n));
    std::copy_n(from, n, array.mutable_data());
    return array;
}

// Objects that are made by the thousand, straight from Python's interface.
py::object give_integer(std::int64_t value);
py::object give_integers(std::initializer_list<std::int64_t> values);
void set_item(py::dict& dict, const py::str& key, const py::object& value);

// Makes the dicts of masks of one form; its keys and scratch serve all.
class RleGiver {
  public:
    explicit RleGiver(Form form) : form_(form) {}

    // Adds one mask's items "size" and "counts" to a dict.
    void operator()(py::dict& dict, rle::Runs counts, rle::Size size);

  private:
    Form form_;
    py::str size_ = interned("size"), counts_ = interned("counts");
    Buffer<char> text_;
};

// One mask's dict {"size", "counts"}, and those of all as a list.
py::dict give_rle(rle::Runs counts, rle::Size size, Form form);
py::list give_rles(const rle::Masks& masks, Form form);

}  // namespace panfuse::bindings

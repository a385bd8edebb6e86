// Where a fusion writes its map of ids.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>

#include "bindings/array.h"
#include "bindings/overlap.h"
#include "support/error.h"

namespace panfuse::bindings {

// The shape of an image, for what has no array of that shape.
inline ArrayView image_shape(std::int64_t height, std::int64_t width) {
    ArrayView shape;
    shape.rank = 2;
    shape.shape[0] = height;
    shape.shape[1] = width;
    return shape;
}

// An array of the caller's, or a new one, with one axis, of the caller's library.
class IdTarget {
  public:
    // `like` has the shape of the ids; what is given must not overlap an input.
    IdTarget(const Caller& caller, const py::object& out, const ArrayView& like,
             std::initializer_list<const ArrayView*> inputs)
        : array_(out) {
        if (out.is_none()) {
            Column column = caller.column(like.size(), int32);
            array_ = std::move(column.array);
            data_ = column.as<std::int32_t>();
            return;
        }
        given_ = caller.take_output(out, "out", like);
        if (given_->view.dtype != int32)
            throw TypeError("out: expected int32, got " + dtype_name(given_->view.dtype));
        for (const ArrayView* input : inputs) check_apart(*input, given_->view);
        data_ = static_cast<std::int32_t*>(const_cast<void*>(given_->view.data));
    }

    const py::object& array() const { return array_; }
    std::int32_t* data() const { return data_; }

  private:
    py::object array_;
    std::optional<Array> given_;
    std::int32_t* data_;
};

}  // namespace panfuse::bindings

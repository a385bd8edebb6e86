// What the ops of the room `labeling` are given, read and checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings/array.h"
#include "labeling/columns.h"

namespace panfuse::bindings {

// The bytes of a value in a dtype; none if no element of that dtype equals it.
std::optional<std::uint64_t> bytes_of(const py::object& value, Dtype dtype);

// ValueError if the connectivity has no meaning for the image's rank, or the rank is not 1 to 3.
labeling::LabelOptions label_options(const ArrayView& images, const py::object& connectivity,
                                     const py::object& background, bool binary, bool batched);

// Where labels are written: an array of the caller's, or a new one of the caller's library.
class LabelTarget {
  public:
    // `dtype` is a name, or empty: that of `out`, or else int32.
    LabelTarget(const Caller& caller, const ArrayView& images, const std::string& dtype,
                const py::object& out);

    // OverflowError if the dtype cannot hold the labels.
    void check_counts(const std::vector<std::int64_t>& counts) const;

    void allocate(const Caller& caller);

    Dtype dtype() const { return dtype_; }
    void* data() const { return data_; }
    const py::object& array() const { return array_; }

  private:
    std::int64_t size_;
    Dtype dtype_;
    py::object array_;  // None until it is allocated, if there is no `out`
    std::optional<Array> given_;
    void* data_ = nullptr;
};

}  // namespace panfuse::bindings

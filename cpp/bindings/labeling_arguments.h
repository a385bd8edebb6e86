// What the ops of the room `labeling` are given, read and checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings/array.h"
#include "labeling/columns.h"

namespace panfuse::bindings {

// The bytes of a value in a dtype, rounded as NumPy rounds it where that is one of floats; none if
// no element can equal it.
std::optional<std::uint64_t> bytes_of(const py::object& value, Dtype dtype);

// ValueError if the connectivity has no meaning for the image's rank, or the rank is not 1 to 3.
labeling::LabelOptions label_options(const ArrayView& images, const py::object& connectivity,
                                     const py::object& background, bool binary, bool batched);

// The filters that are not None, by the names of pf.components.
labeling::Filters filters_of(const py::dict& filters);

// ValueError if the masks have fewer than two axes; TypeError if logits are no floats.
labeling::MaskOptions mask_options(const ArrayView& masks, const std::string& argument,
                                   const std::string& rule, const py::object& connectivity,
                                   std::optional<std::int64_t> hole_area, std::int64_t least_area,
                                   std::int64_t sprinkle_area);

// New columns for the components of all images.
class ComponentArrays {
  public:
    ComponentArrays(const Caller& caller, std::vector<std::int64_t> counts, Dtype dtype, int rank);

    labeling::ComponentColumns columns() const;

    // For each image: its number of components, and its part of each column.
    py::list items() const;

  private:
    std::vector<std::int64_t> counts_;
    int rank_;
    std::vector<Column> columns_;
};

// Where masks are written: an array of the caller's, or a new one of the caller's library.
class MaskTarget {
  public:
    MaskTarget(const Caller& caller, const ArrayView& masks, const py::object& out);

    void* data() const { return data_; }
    const py::object& array() const { return array_; }

  private:
    py::object array_;
    void* data_;
};

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

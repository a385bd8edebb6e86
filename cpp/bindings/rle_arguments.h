// The door for masks as runs: COCO's dicts come in as rle::Masks in one call.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rle/masks.h"

namespace panfuse::bindings {

namespace py = pybind11;

// The masks of a dict, of a list or tuple of dicts, or of an RleList (which answers `_columns()`).
// A dict has the items "size", two integers, and "counts": a string as bytes or str, a list of
// integers, or an array of integers. Errors name the argument, the mask and what is wrong with it:
// ValueError for values, TypeError for types. Needs the GIL; many strings are read without it.
class GivenRles {
  public:
    // Takes what is given, and looks at everything but the counts.
    GivenRles(py::handle rles, const char* argument);

    std::size_t size() const { return columns_.size() + all_.size(); }

    // Calls visit(i, counts, size) for each mask, maybe without the GIL; the counts are gone after.
    using Visit = std::function<void(std::size_t, rle::Runs, rle::Size)>;
    void each(const Visit& visit);

    rle::Masks take();

  private:
    struct Given {
        rle::Size size;
        py::object counts;
        std::string_view text;  // where its data is nullptr, the counts are numbers
    };

    Given take_one(py::handle rle) const;
    bool take_quickly(py::handle rle, Given& given) const;
    void add(py::handle rle);
    std::string where(std::size_t i) const;

    // Appends the counts of each mask, and then calls close(i).
    template <class Close>
    void read(rle::Counts& out, Close&& close);

    const char* argument_;
    bool single_;
    py::object size_key_, counts_key_;
    std::vector<Given> all_;
    std::size_t characters_ = 0;
    rle::Masks columns_;  // of an RleList
};

// All of them.
rle::Masks take_rles(py::handle rles, const char* argument);

// The same, and ValueError unless all masks have one size. An empty list has the size 0 x 0.
rle::Masks take_rles_of_one_size(py::handle rles, const char* argument);

// A key that is the object of all dicts with such keys, so that it is found by identity.
py::str interned(const char* text);

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

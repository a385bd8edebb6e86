#include "bindings/rle_arguments.h"

#include <pybind11/numpy.h>

#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/array.h"
#include "rle/string.h"
#include "rle/string_kernels.h"
#include "support/error.h"
#include "support/width.h"

namespace panfuse::bindings {
namespace {

std::string type_name(py::handle object) { return Py_TYPE(object.ptr())->tp_name; }

std::string plural(std::size_t n, const char* what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

// One integer. Python's own are read without a detour; NumPy's have __index__.
std::int64_t take_integer(py::handle number, const std::string& where) {
    py::object held = py::reinterpret_borrow<py::object>(number);
    if (PyLong_Check(number.ptr()) == 0) {
        held = py::reinterpret_steal<py::object>(PyNumber_Index(number.ptr()));
        if (!held) {
            PyErr_Clear();
            throw TypeError(where + ": expected integers, got " + type_name(number));
        }
    }
    int overflow = 0;
    const std::int64_t value = PyLong_AsLongLongAndOverflow(held.ptr(), &overflow);
    if (overflow != 0)
        return overflow > 0 ? std::numeric_limits<std::int64_t>::max()
                            : std::numeric_limits<std::int64_t>::min();
    return value;
}

std::uint32_t to_count(std::int64_t value, std::size_t i, bool beyond = false) {
    if (value < 0 || value > rle::most_pixels || beyond)
        throw std::invalid_argument(
            "counts: expected counts of 0 to 4294967295, got " +
            (beyond ? std::to_string(static_cast<std::uint64_t>(value)) : std::to_string(value)) +
            " at index " + std::to_string(i));
    return static_cast<std::uint32_t>(value);
}

void append_array(const py::object& counts, rle::Counts& out) {
    const Array array = Caller(py::none()).take(counts, "counts");
    const ArrayView& view = array.view;
    if (view.rank != 1)
        throw std::invalid_argument("counts: expected an array with one axis, got " +
                                    std::to_string(view.rank));
    const std::uint64_t flip = sign_bit(Dtype{Dtype::Kind::signed_integer, 8});
    const bool is_signed = view.dtype.kind == Dtype::Kind::signed_integer;
    with_width(view.dtype.bytes, [&](auto zero) {
        using T = decltype(zero);
        for (std::int64_t i = 0; i < view.shape[0]; ++i) {
            T raw;
            std::memcpy(&raw, static_cast<const std::byte*>(view.data) + i * view.strides[0],
                        sizeof raw);
            const OrderedId ordered = to_ordered(raw, view.dtype);
            const auto value = static_cast<std::int64_t>(is_signed ? ordered ^ flip : ordered);
            out.push_back(to_count(value, static_cast<std::size_t>(i), !is_signed && value < 0));
        }
    });
}

void append_list(py::handle counts, rle::Counts& out) {
    const auto items = py::reinterpret_steal<py::object>(PySequence_Fast(counts.ptr(), ""));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.ptr()); ++i) {
        const auto item =
            py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(items.ptr(), i));
        out.push_back(to_count(take_integer(item, "counts"), static_cast<std::size_t>(i)));
    }
}

// The characters of a bytes object or of a str in ASCII; none for another object.
std::optional<std::string_view> characters(py::handle counts) {
    PyObject* const object = counts.ptr();
    if (PyBytes_Check(object))
        return std::string_view(PyBytes_AS_STRING(object),
                                static_cast<std::size_t>(PyBytes_GET_SIZE(object)));
    if (!PyUnicode_Check(object)) return std::nullopt;
    const auto n = PyUnicode_GET_LENGTH(object);
    if (PyUnicode_IS_ASCII(object))
        return std::string_view(static_cast<const char*>(PyUnicode_DATA(object)),
                                static_cast<std::size_t>(n));
    Py_ssize_t i = 0;
    while (PyUnicode_READ_CHAR(object, i) < 128) ++i;
    static constexpr char digits[] = "0123456789ABCDEF";
    const Py_UCS4 c = PyUnicode_READ_CHAR(object, i);
    std::string code;
    for (int shift = c > 0xFFFF ? 20 : 12; shift >= 0; shift -= 4) code += digits[c >> shift & 15];
    throw std::invalid_argument("counts: expected characters '0' to 'o', got U+" + code +
                                " at character " + std::to_string(i));
}

py::object item(py::handle dict, py::handle key) {
    PyObject* const found = PyDict_GetItemWithError(dict.ptr(), key.ptr());
    if (found == nullptr) {
        if (PyErr_Occurred() != nullptr) throw py::error_already_set();
        throw std::invalid_argument("expected the item \"" + key.cast<std::string>() + "\"");
    }
    return py::reinterpret_borrow<py::object>(found);
}

// A side of a mask that is a Python integer; -1 for all else.
std::int64_t small_side(PyObject* number) {
    if (PyLong_CheckExact(number) == 0) return -1;
    int overflow = 0;
    const std::int64_t side = PyLong_AsLongLongAndOverflow(number, &overflow);
    return overflow == 0 && side <= rle::longest_side ? side : -1;
}

void append_numbers(const py::object& counts, rle::Size size, rle::Counts& out) {
    const std::size_t before = out.size();
    if (PyList_Check(counts.ptr()) || PyTuple_Check(counts.ptr()))
        append_list(counts, out);
    else
        append_array(counts, out);
    rle::check_counts(rle::Runs(out).subspan(before), size);
}

rle::Masks take_columns(const py::object& columns) {
    const auto parts = columns.cast<py::tuple>();
    const rle::Size size = take_size(parts[0], "size");
    const Caller caller{py::none()};
    const Array starts = caller.take_column(parts[1], "starts");
    const Array counts = caller.take_column(parts[2], "counts");
    if (starts.view.dtype != int64 || counts.view.dtype != Dtype{Dtype::Kind::unsigned_integer, 4})
        throw TypeError("expected starts of int64 and counts of uint32");
    const auto* const begins = static_cast<const std::int64_t*>(starts.view.data);
    const auto* const all = static_cast<const std::uint32_t*>(counts.view.data);
    rle::Masks masks;
    const std::int64_t n = starts.view.shape[0] - 1;
    if (n < 1) return masks;
    masks.reserve(static_cast<std::size_t>(n), static_cast<std::size_t>(counts.view.shape[0]));
    for (std::int64_t i = 0; i < n; ++i) {
        if (begins[i] < 0 || begins[i] > begins[i + 1] || begins[i + 1] > counts.view.shape[0])
            throw std::invalid_argument("expected starts that ascend within the counts");
        const rle::Runs runs(all + begins[i], all + begins[i + 1]);
        rle::check_counts(runs, size);
        masks.append(runs, size);
    }
    return masks;
}

// Runs `body`, and starts the message of what it throws with where it happened.
template <class Body>
auto located(const std::string& where, Body&& body) {
    try {
        return body();
    } catch (const TypeError& error) {
        throw TypeError(where + ": " + error.what());
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(where + ": " + error.what());
    }
}

// Less work than this is done before the GIL is released and taken again.
constexpr std::size_t few_characters = 4096;

}  // namespace

py::str interned(const char* text) {
    PyObject* const key = PyUnicode_InternFromString(text);
    if (key == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::str>(key);
}

std::string size_text(rle::Size size) {
    return std::to_string(size.height) + " x " + std::to_string(size.width);
}

py::object items_in_order(py::handle given) {
    PyObject* const object = given.ptr();
    if (PyUnicode_Check(object) || PyBytes_Check(object) || PyByteArray_Check(object) ||
        PyDict_Check(object) || PyAnySet_Check(object))
        return {};
    auto items = py::reinterpret_steal<py::object>(PySequence_Fast(object, ""));
    if (!items) PyErr_Clear();
    return items;
}

rle::Size take_size(py::handle size, const std::string& where) {
    const py::object items = items_in_order(size);
    if (!items) throw TypeError(where + ": expected two integers, got " + type_name(size));
    if (PySequence_Fast_GET_SIZE(items.ptr()) != 2)
        throw std::invalid_argument(
            where + ": expected two integers, got " +
            plural(static_cast<std::size_t>(PySequence_Fast_GET_SIZE(items.ptr())), "item"));
    std::int64_t sides[2];
    for (Py_ssize_t i = 0; i < 2; ++i) {
        const auto side =
            py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(items.ptr(), i));
        sides[i] = take_integer(side, where);
    }
    const rle::Size taken{sides[0], sides[1]};
    check_size(taken, where);
    return taken;
}

void check_size(rle::Size size, const std::string& where) {
    for (const std::int64_t side : {size.height, size.width})
        if (side < 0 || side > rle::longest_side)
            throw std::invalid_argument(where + ": expected sides of 0 to 2147483647, got " +
                                        std::to_string(side));
    if (size.pixels() > rle::most_pixels)
        throw std::invalid_argument(where + ": expected fewer than 2^32 pixels, got " +
                                    size_text(size));
}

GivenRles::GivenRles(py::handle rles, const char* argument)
    : argument_(argument), single_(PyDict_Check(rles.ptr()) != 0) {
    const bool many = PyList_Check(rles.ptr()) != 0 || PyTuple_Check(rles.ptr()) != 0;
    if (!single_ && !many && py::hasattr(rles, "_columns")) {
        columns_ = located(argument, [&] { return take_columns(rles.attr("_columns")()); });
        return;
    }
    if (!single_ && !many)
        throw TypeError(std::string(argument) +
                        ": expected a dict with \"size\" and \"counts\", a list of them or an "
                        "RleList, got " +
                        type_name(rles));
    size_key_ = interned("size");
    counts_key_ = interned("counts");
    if (single_) {
        add(rles);
        return;
    }
    all_.reserve(static_cast<std::size_t>(PySequence_Fast_GET_SIZE(rles.ptr())));
    // The list may change meanwhile: an integer's __index__ is anyone's code.
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(rles.ptr()); ++i)
        add(PySequence_Fast_GET_ITEM(rles.ptr(), i));
}

std::string GivenRles::where(std::size_t i) const {
    return single_ ? std::string(argument_)
                   : std::string(argument_) + "[" + std::to_string(i) + "]";
}

void GivenRles::add(py::handle rle) {
    Given& given = all_.emplace_back();
    if (!take_quickly(rle, given)) {
        PyErr_Clear();  // take_one meets it again
        const auto held = py::reinterpret_borrow<py::object>(rle);
        given = located(where(all_.size() - 1), [&] { return take_one(held); });
    }
    characters_ += given.text.size();
}

// Takes what nearly every dict is, and leaves all else to take_one.
bool GivenRles::take_quickly(py::handle rle, Given& given) const {
    if (PyDict_CheckExact(rle.ptr()) == 0) return false;
    PyObject *size = nullptr, *counts = nullptr, *key = nullptr, *value = nullptr;
    // Looking at the first items costs less than to hash and to look up two of them.
    Py_ssize_t at = 0;
    for (int i = 0; i < 4 && PyDict_Next(rle.ptr(), &at, &key, &value) != 0; ++i) {
        if (key == size_key_.ptr()) size = value;
        if (key == counts_key_.ptr()) counts = value;
        if (size != nullptr && counts != nullptr) break;
    }
    const bool both = size != nullptr && counts != nullptr;
    // A look-up may run a key's __eq__, after which nothing borrowed is sure.
    if (!both) size = PyDict_GetItemWithError(rle.ptr(), size_key_.ptr());
    if (size == nullptr || (PyList_CheckExact(size) == 0 && PyTuple_CheckExact(size) == 0) ||
        PySequence_Fast_GET_SIZE(size) != 2)
        return false;
    given.size = {small_side(PySequence_Fast_GET_ITEM(size, 0)),
                  small_side(PySequence_Fast_GET_ITEM(size, 1))};
    if (given.size.height < 0 || given.size.width < 0 || given.size.pixels() > rle::most_pixels)
        return false;
    if (!both) counts = PyDict_GetItemWithError(rle.ptr(), counts_key_.ptr());
    if (counts == nullptr || PyBytes_CheckExact(counts) == 0) return false;
    given.counts = py::reinterpret_borrow<py::object>(counts);
    given.text = {PyBytes_AS_STRING(counts), static_cast<std::size_t>(PyBytes_GET_SIZE(counts))};
    return true;
}

GivenRles::Given GivenRles::take_one(py::handle rle) const {
    if (PyDict_Check(rle.ptr()) == 0)
        throw TypeError("expected a dict with \"size\" and \"counts\", got " + type_name(rle));
    Given given;
    given.size = take_size(item(rle, size_key_), "size");
    given.counts = item(rle, counts_key_);
    given.text = characters(given.counts).value_or(std::string_view());
    return given;
}

template <class Close>
void GivenRles::read(rle::Counts& out, Close&& close) {
    std::size_t i = 0;
    // Up to the next mask that is not a string, which Python must be asked for.
    const auto read_strings = [&] {
        for (; i < all_.size() && all_[i].text.data() != nullptr; ++i) {
            try {
                rle::read_string(all_[i].text, all_[i].size, out);
            } catch (const std::invalid_argument&) {
                located(where(i), [] { throw; });
            }
            close(i);
        }
    };
    while (true) {
        if (characters_ > few_characters) {
            py::gil_scoped_release release;
            read_strings();
        } else {
            read_strings();
        }
        if (i == all_.size()) return;
        located(where(i), [&] { append_numbers(all_[i].counts, all_[i].size, out); });
        close(i++);
    }
}

void GivenRles::each(const Visit& visit) {
    for (std::size_t i = 0; i < columns_.size(); ++i) visit(i, columns_[i], columns_.size_of(i));
    rle::Counts counts;
    read(counts, [&](std::size_t i) {
        visit(i, counts, all_[i].size);
        counts.clear();
    });
}

rle::Masks GivenRles::take() {
    if (all_.empty()) return std::move(columns_);
    rle::Masks masks;
    masks.reserve(all_.size(), characters_ + rle::reading_slack);
    read(masks.arena(), [&](std::size_t i) { masks.close(all_[i].size); });
    return masks;
}

rle::Masks take_rles(py::handle rles, const char* argument) {
    return GivenRles(rles, argument).take();
}

rle::Masks take_rles_of_one_size(py::handle rles, const char* argument) {
    rle::Masks masks = take_rles(rles, argument);
    for (std::size_t i = 1; i < masks.size(); ++i)
        if (masks.size_of(i) != masks.size_of(0))
            throw std::invalid_argument(std::string(argument) + "[" + std::to_string(i) +
                                        "]: expected the size " + size_text(masks.size_of(0)) +
                                        " of the first mask, got " + size_text(masks.size_of(i)));
    return masks;
}

}  // namespace panfuse::bindings

#include "bindings/labeling_arguments.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "support/error.h"

namespace panfuse::bindings {
namespace {

constexpr Dtype label_dtypes[] = {
    int32, {Dtype::Kind::unsigned_integer, 2}, {Dtype::Kind::unsigned_integer, 4}, int64};

std::optional<std::uint64_t> bytes_of_float(const py::object& value, Dtype dtype) {
    const py::object number = py::reinterpret_steal<py::object>(PyNumber_Float(value.ptr()));
    if (!number) {
        PyErr_Clear();  // an int beyond all floats
        return std::nullopt;
    }
    const py::module_ structs = py::module_::import("struct");
    const char* const format = dtype.bytes == 2 ? "<e" : dtype.bytes == 4 ? "<f" : "<d";
    py::object packed;
    try {
        packed = structs.attr("pack")(format, number);
    } catch (py::error_already_set& error) {
        if (!error.matches(PyExc_OverflowError)) throw;
        return std::nullopt;
    }
    const py::object back = py::tuple(structs.attr("unpack")(format, packed))[0];
    if (!back.equal(value)) return std::nullopt;
    const auto text = packed.cast<std::string>();
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data(), text.size());
    return bytes;
}

// A box of addresses around all elements, as bytes.
std::pair<std::uintptr_t, std::uintptr_t> extent(const ArrayView& view) {
    const auto data = reinterpret_cast<std::uintptr_t>(view.data);
    std::int64_t low = 0, high = view.dtype.bytes;
    for (std::size_t i = 0; i < static_cast<std::size_t>(view.rank); ++i) {
        if (view.shape[i] == 0) return {data, data};
        const std::int64_t reach = (view.shape[i] - 1) * view.strides[i];
        (reach < 0 ? low : high) += reach;
    }
    return {data + static_cast<std::uintptr_t>(low), data + static_cast<std::uintptr_t>(high)};
}

Dtype label_dtype(const std::string& name) {
    for (const Dtype dtype : label_dtypes)
        if (dtype_name(dtype) == name) return dtype;
    throw std::invalid_argument("dtype: expected int32, uint16, uint32 or int64, got " + name);
}

int steps_of(const py::object& connectivity, int rank) {
    if (connectivity.is_none()) return rank;
    const int number = connectivity.cast<int>();
    static constexpr int named[4][4] = {{}, {}, {4, 8}, {6, 18, 26}};
    for (int steps = 1; steps <= rank; ++steps)
        if (number == steps || (rank > 1 && number == named[rank][steps - 1])) return steps;
    static constexpr const char* names[] = {"", "", "4, 8, ", "6, 18, 26, "};
    throw std::invalid_argument("connectivity: expected " + std::string(names[rank]) + "1" +
                                (rank > 1 ? " to " + std::to_string(rank) : "") +
                                " for an image with " + std::to_string(rank) + " axes, got " +
                                std::to_string(number));
}

}  // namespace

std::optional<std::uint64_t> bytes_of(const py::object& value, Dtype dtype) {
    if (value.is_none()) return std::nullopt;
    if (dtype.kind == Dtype::Kind::floating) return bytes_of_float(value, dtype);
    py::object whole = value;
    if (PyFloat_Check(value.ptr()) != 0) {
        if (!value.attr("is_integer")().cast<bool>()) return std::nullopt;
        whole = py::int_(value);
    }
    const int bits = dtype.kind == Dtype::Kind::boolean ? 1 : 8 * dtype.bytes;
    const bool is_signed = dtype.kind == Dtype::Kind::signed_integer;
    const py::object span = py::int_(1) << py::int_(is_signed ? bits - 1 : bits);
    const py::object low = is_signed ? py::object(-span) : py::object(py::int_(0));
    if (whole < low || whole >= span) return std::nullopt;
    const std::uint64_t raw = is_signed ? static_cast<std::uint64_t>(whole.cast<std::int64_t>())
                                        : whole.cast<std::uint64_t>();
    return raw & ~std::uint64_t{0} >> (64 - 8 * dtype.bytes);
}

labeling::LabelOptions label_options(const ArrayView& images, const py::object& connectivity,
                                     const py::object& background, bool binary, bool batched) {
    const int rank = images.rank - (batched ? 1 : 0);
    if (rank < 1 || rank > 3)
        throw std::invalid_argument("image: expected 1 to 3 axes" +
                                    std::string(batched ? " after that of the batch" : "") +
                                    ", got " + std::to_string(std::max(rank, 0)));
    labeling::LabelOptions options;
    options.steps = steps_of(connectivity, rank);
    options.batched = batched;
    options.binary = binary;
    options.background = bytes_of(background, images.dtype);
    return options;
}

LabelTarget::LabelTarget(const Caller& caller, const ArrayView& images, const std::string& dtype,
                         const py::object& out)
    : size_(images.size()), dtype_(int32), array_(out) {
    if (!dtype.empty()) dtype_ = label_dtype(dtype);
    if (out.is_none()) return;
    given_ = caller.take_output(out, "out", images);
    const Dtype found = given_->view.dtype;
    if (std::find(std::begin(label_dtypes), std::end(label_dtypes), found) ==
            std::end(label_dtypes) ||
        (!dtype.empty() && found != dtype_))
        throw TypeError("out: expected " +
                        (dtype.empty() ? "int32, uint16, uint32 or int64" : dtype) + ", got " +
                        dtype_name(found));
    const auto [begin, end] = extent(images);
    const auto [out_begin, out_end] = extent(given_->view);
    if (begin < out_end && out_begin < end)
        throw std::invalid_argument("out: expected memory of its own, got some of image's");
    dtype_ = found;
    data_ = const_cast<void*>(given_->view.data);
}

void LabelTarget::check_counts(const std::vector<std::int64_t>& counts) const {
    const int bits = 8 * dtype_.bytes - (dtype_.kind == Dtype::Kind::signed_integer ? 1 : 0);
    for (const std::int64_t count : counts)
        if (bits < 63 && count >> bits != 0)
            throw std::overflow_error((given_ ? "out: " : "dtype: ") + std::to_string(count) +
                                      " components are more than " + dtype_name(dtype_) +
                                      " can number");
}

void LabelTarget::allocate(const Caller& caller) {
    if (given_) return;
    Column column = caller.column(size_, dtype_);
    array_ = std::move(column.array);
    data_ = column.data;
}

}  // namespace panfuse::bindings

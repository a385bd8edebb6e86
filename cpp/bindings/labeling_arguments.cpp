#include "bindings/labeling_arguments.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "bindings/overlap.h"
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
    const auto text = packed.cast<std::string>();
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data(), text.size());
    return bytes;
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

labeling::Filters filters_of(const py::dict& filters) {
    const auto area = [&](const char* name) {
        return filters.contains(name) ? filters[name].cast<std::optional<std::int64_t>>()
                                      : std::nullopt;
    };
    const auto flag = [&](const char* name) {
        return filters.contains(name) && filters[name].cast<bool>();
    };
    return {area("min_area"),     area("max_area"),   area("keep_largest"), flag("per_value"),
            flag("clear_border"), area("fill_holes"), flag("to_neighbor")};
}

labeling::MaskOptions mask_options(const ArrayView& masks, const std::string& argument,
                                   const std::string& rule, const py::object& connectivity,
                                   std::optional<std::int64_t> hole_area, std::int64_t least_area,
                                   std::int64_t sprinkle_area) {
    using Rule = labeling::MaskOptions::Rule;
    if (masks.rank < 2)
        throw std::invalid_argument(argument + ": expected 2 axes or more, got " +
                                    std::to_string(masks.rank));
    labeling::MaskOptions options;
    options.rule = rule == "fill_holes"     ? Rule::fill_holes
                   : rule == "remove_small" ? Rule::remove_small
                                            : Rule::clean_logits;
    if (options.rule == Rule::clean_logits && masks.dtype.kind != Dtype::Kind::floating)
        throw TypeError(argument + ": expected floats, got " + dtype_name(masks.dtype));
    options.steps = steps_of(connectivity, 2);
    options.hole_area = hole_area;
    options.least_area = least_area;
    options.sprinkle_area = sprinkle_area;
    return options;
}

ComponentArrays::ComponentArrays(const Caller& caller, std::vector<std::int64_t> counts,
                                 Dtype dtype, int rank)
    : counts_(std::move(counts)), rank_(rank) {
    std::int64_t n = 0;
    for (const std::int64_t count : counts_) n += count;
    columns_ = {caller.column(n, dtype),
                caller.column(n, int64),
                caller.column(n * rank, int64),
                caller.column(n * rank, int64),
                caller.column(2 * n * rank, int32),
                caller.column(n * rank, float64),
                caller.column(n, int64),
                caller.column(n, boolean)};
}

labeling::ComponentColumns ComponentArrays::columns() const {
    return {columns_[0].data,
            columns_[1].as<std::int64_t>(),
            columns_[2].as<std::int64_t>(),
            columns_[3].as<std::int64_t>(),
            columns_[4].as<std::int32_t>(),
            columns_[5].as<double>(),
            columns_[6].as<std::int64_t>(),
            columns_[7].as<std::uint8_t>()};
}

py::list ComponentArrays::items() const {
    const std::int64_t widths[] = {1, 1, rank_, rank_, 2 * rank_, rank_, 1, 1};
    py::list items;
    std::int64_t begin = 0;
    for (const std::int64_t count : counts_) {
        py::list item;
        item.append(count);
        for (std::size_t i = 0; i < columns_.size(); ++i)
            item.append(counts_.size() == 1
                            ? columns_[i].array
                            : py::object(columns_[i].array[py::slice(
                                  begin * widths[i], (begin + count) * widths[i], 1)]));
        items.append(item);
        begin += count;
    }
    return items;
}

MaskTarget::MaskTarget(const Caller& caller, const ArrayView& masks, const py::object& out) {
    if (out.is_none()) {
        Column column = caller.column(masks.size(), masks.dtype);
        array_ = std::move(column.array);
        data_ = column.data;
        return;
    }
    const Array given = caller.take_output(out, "out", masks, Accept::numbers);
    if (given.view.dtype != masks.dtype)
        throw TypeError("out: expected " + dtype_name(masks.dtype) + ", got " +
                        dtype_name(given.view.dtype));
    check_apart(masks, given.view);
    array_ = out;
    data_ = const_cast<void*>(given.view.data);
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
    check_apart(images, given_->view);
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

// The room `matching` for one device. What `Device` provides stands in cpu_device.h.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "bindings/array.h"
#include "matching/columns.h"
#include "support/error.h"

namespace panfuse::bindings {

// Ids to ignore, as those among them that the dtype can hold, ascending.
inline std::vector<OrderedId> ordered_ids(const py::iterable& ids, Dtype dtype) {
    const int bits = 8 * dtype.bytes;
    const bool is_signed = dtype.kind == Dtype::Kind::signed_integer;
    const py::int_ one(1);
    const py::object span = one << py::int_(is_signed ? bits - 1 : bits);
    const py::object low = is_signed ? py::object(-span) : py::object(py::int_(0));
    std::vector<OrderedId> ordered;
    for (const py::handle id : ids) {
        if (id < low || id >= span) continue;
        const auto raw = is_signed ? static_cast<std::uint64_t>(id.cast<std::int64_t>())
                                   : id.cast<std::uint64_t>();
        const std::uint64_t mask = ~std::uint64_t{0} >> (64 - bits);
        ordered.push_back(to_ordered(raw & mask, dtype));
    }
    std::sort(ordered.begin(), ordered.end());
    return ordered;
}

inline std::string shape_text(const ArrayView& view) {
    py::tuple shape(static_cast<std::size_t>(view.rank));
    for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = py::int_(view.shape[i]);
    return py::str(shape);
}

inline void check_shapes(const ArrayView& gt, const ArrayView& pred) {
    if (gt.rank == pred.rank && gt.shape == pred.shape) return;
    throw std::invalid_argument("gt and pred must have one shape, got " + shape_text(gt) + " and " +
                                shape_text(pred));
}

// One tuple of columns (see ContingencyColumns) for each item.
template <class Device>
py::list contingency(const py::object& gt, const py::object& pred, const py::iterable& ignored_gt,
                     const py::iterable& ignored_pred, bool batched, std::optional<int> threads,
                     py::object library) {
    Caller caller(std::move(library));
    Device::check(caller.place());
    const Array g = caller.take(gt, "gt"), p = caller.take(pred, "pred");
    check_shapes(g.view, p.view);
    const matching::ContingencyOptions options{batched, ordered_ids(ignored_gt, g.view.dtype),
                                               ordered_ids(ignored_pred, p.view.dtype)};
    auto op = Device::contingency(g.view, p.view, options, threads, caller);
    std::vector<matching::ContingencySize> sizes;
    {
        py::gil_scoped_release release;
        sizes = op.count();
    }
    py::list tables(sizes.size());
    std::vector<matching::ContingencyColumns> columns;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const auto& [pairs, gt_labels, pred_labels] = sizes[i];
        const Column table[] = {
            caller.column(pairs, g.view.dtype), caller.column(pairs, p.view.dtype),
            caller.column(pairs, int64),        caller.column(gt_labels, g.view.dtype),
            caller.column(gt_labels, int64),    caller.column(pred_labels, p.view.dtype),
            caller.column(pred_labels, int64),
        };
        columns.push_back({table[0].data, table[1].data, table[2].as<std::int64_t>(), table[3].data,
                           table[4].as<std::int64_t>(), table[5].data,
                           table[6].as<std::int64_t>()});
        tables[i] = py::make_tuple(table[0].array, table[1].array, table[2].array, table[3].array,
                                   table[4].array, table[5].array, table[6].array);
    }
    {
        py::gil_scoped_release release;
        for (std::size_t i = 0; i < columns.size(); ++i) op.write(i, columns[i]);
        Device::finish(caller);
    }
    return tables;
}

// A contingency table that came in as columns, in the order of ContingencyTable.
class TableArrays {
  public:
    TableArrays(const Caller& caller, const py::tuple& columns) {
        if (columns.size() != std::size(names_))
            throw std::invalid_argument("contingency: expected " +
                                        std::to_string(std::size(names_)) + " columns, got " +
                                        std::to_string(columns.size()));
        for (std::size_t i = 0; i < std::size(names_); ++i)
            arrays_.push_back(caller.take_column(columns[i], names_[i]));
        for (const std::size_t count : {2u, 4u, 6u}) check_dtype(count, int64);
        check_dtype(3, arrays_[0].view.dtype);
        check_dtype(5, arrays_[1].view.dtype);
        check_length(1, 0);
        check_length(2, 0);
        check_length(4, 3);
        check_length(6, 5);
    }

    matching::ContingencyTable view() const {
        const auto counts = [this](std::size_t i) {
            return static_cast<const std::int64_t*>(arrays_[i].view.data);
        };
        return {arrays_[0].view.dtype,
                arrays_[1].view.dtype,
                {length(0), length(3), length(5)},
                arrays_[0].view.data,
                arrays_[1].view.data,
                counts(2),
                arrays_[3].view.data,
                counts(4),
                arrays_[5].view.data,
                counts(6)};
    }

  private:
    std::int64_t length(std::size_t i) const { return arrays_[i].view.shape[0]; }

    void check_length(std::size_t i, std::size_t like) const {
        if (length(i) == length(like)) return;
        throw std::invalid_argument(std::string(names_[i]) + ": expected " +
                                    std::to_string(length(like)) + " elements, as " + names_[like] +
                                    " has, got " + std::to_string(length(i)));
    }

    void check_dtype(std::size_t i, Dtype expected) const {
        const Dtype got = arrays_[i].view.dtype;
        if (got == expected) return;
        throw TypeError(std::string(names_[i]) + ": expected " + dtype_name(expected) + ", got " +
                        dtype_name(got));
    }

    static constexpr const char* names_[] = {"contingency.gt_ids",    "contingency.pred_ids",
                                             "contingency.counts",    "contingency.gt_labels",
                                             "contingency.gt_areas",  "contingency.pred_labels",
                                             "contingency.pred_areas"};
    std::vector<Array> arrays_;
};

// The columns of MatchColumns for one table.
template <class Device>
py::tuple match(const py::tuple& contingency, double iou_threshold, bool ignore_void,
                py::object library) {
    Caller caller(std::move(library));
    Device::check(caller.place());
    const TableArrays arrays(caller, contingency);
    const matching::ContingencyTable table = arrays.view();
    auto op = Device::match(table, {iou_threshold, ignore_void}, caller);
    matching::MatchSize size;
    {
        py::gil_scoped_release release;
        size = op.count();
    }
    const Column columns[] = {caller.column(size.matches, table.gt_dtype),
                              caller.column(size.matches, table.pred_dtype),
                              caller.column(size.matches, float64),
                              caller.column(size.matches, int64),
                              caller.column(size.matches, int64),
                              caller.column(size.unmatched_gt, table.gt_dtype),
                              caller.column(size.unmatched_pred, table.pred_dtype)};
    {
        py::gil_scoped_release release;
        op.write({columns[0].data, columns[1].data, columns[2].as<double>(),
                  columns[3].as<std::int64_t>(), columns[4].as<std::int64_t>(), columns[5].data,
                  columns[6].data});
        Device::finish(caller);
    }
    return py::make_tuple(columns[0].array, columns[1].array, columns[2].array, columns[3].array,
                          columns[4].array, columns[5].array, columns[6].array);
}

template <class Device>
void bind_matching(py::module_& m) {
    m.def("contingency", &contingency<Device>, py::arg("gt"), py::arg("pred"),
          py::arg("ignored_gt"), py::arg("ignored_pred"), py::arg("batched"), py::arg("threads"),
          py::arg("library"));
    m.def("match", &match<Device>, py::arg("contingency"), py::arg("iou_threshold"),
          py::arg("ignore_void"), py::arg("library"));
}

}  // namespace panfuse::bindings

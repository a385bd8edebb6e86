// The room `matching` for one device. What `Device` provides stands in cpu_device.h.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "bindings/array.h"
#include "bindings/ordered_ids.h"
#include "matching/columns.h"
#include "support/error.h"

namespace panfuse::bindings {

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

// In the order of ContingencyColumns.
using ContingencyArrays = std::array<Column, 7>;

inline py::list whole(const ContingencyArrays& columns) {
    py::list tables(1);
    tables[0] =
        py::make_tuple(columns[0].array, columns[1].array, columns[2].array, columns[3].array,
                       columns[4].array, columns[5].array, columns[6].array);
    return tables;
}

// Each item's part of the columns of a batch, as the caller's library slices its arrays.
inline py::list slices(const ContingencyArrays& columns,
                       const std::vector<matching::ContingencySize>& sizes) {
    py::list tables(sizes.size());
    std::int64_t pair = 0, gt_label = 0, pred_label = 0;
    const auto next = [](std::int64_t& begin, std::int64_t size) {
        const py::slice rows(begin, begin + size, 1);
        begin += size;
        return rows;
    };
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const py::slice pairs = next(pair, sizes[i].pairs);
        const py::slice gt_labels = next(gt_label, sizes[i].gt_labels);
        const py::slice pred_labels = next(pred_label, sizes[i].pred_labels);
        const auto part = [&](std::size_t column, const py::slice& rows) {
            return py::object(columns[column].array[rows]);
        };
        tables[i] =
            py::make_tuple(part(0, pairs), part(1, pairs), part(2, pairs), part(3, gt_labels),
                           part(4, gt_labels), part(5, pred_labels), part(6, pred_labels));
    }
    return tables;
}

// One tuple of columns for each item.
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
    matching::ContingencySize all;
    for (const auto& [pairs, gt_labels, pred_labels] : sizes) {
        all.pairs += pairs;
        all.gt_labels += gt_labels;
        all.pred_labels += pred_labels;
    }
    const ContingencyArrays columns = {
        caller.column(all.pairs, g.view.dtype), caller.column(all.pairs, p.view.dtype),
        caller.column(all.pairs, int64),        caller.column(all.gt_labels, g.view.dtype),
        caller.column(all.gt_labels, int64),    caller.column(all.pred_labels, p.view.dtype),
        caller.column(all.pred_labels, int64),
    };
    {
        py::gil_scoped_release release;
        op.write({columns[0].data, columns[1].data, columns[2].as<std::int64_t>(), columns[3].data,
                  columns[4].as<std::int64_t>(), columns[5].data, columns[6].as<std::int64_t>()});
        Device::finish(caller);
    }
    return batched ? slices(columns, sizes) : whole(columns);
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

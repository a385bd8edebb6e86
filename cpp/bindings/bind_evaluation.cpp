#include "bindings/bind_evaluation.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/array.h"
#include "evaluation/comparison.h"

namespace panfuse::bindings {
namespace {

using evaluation::Comparison;
using evaluation::ComparisonOptions;
using evaluation::Judgement;
using evaluation::ListedColumns;
using evaluation::Protocol;

template <class T>
using Numbers = py::array_t<T, py::array::c_style>;

template <class T>
std::span<const T> span(const Numbers<T>& column) {
    if (column.ndim() != 1) throw std::invalid_argument("expected columns with one axis");
    return {column.data(), static_cast<std::size_t>(column.size())};
}

// The columns of a panfuse.evaluation.SegmentColumns, held while it lives.
class Columns {
  public:
    explicit Columns(const py::object& columns)
        : offsets_(columns.attr("offsets")),
          ids_(columns.attr("ids")),
          category_ids_(columns.attr("category_ids")),
          is_crowd_(py::array(columns.attr("is_crowd")).view("u1")),
          areas_(columns.attr("areas")) {}

    ListedColumns view() const {
        return {span(offsets_), {span(ids_), span(category_ids_), span(is_crowd_), span(areas_)}};
    }

  private:
    Numbers<std::int64_t> offsets_, ids_, category_ids_;
    Numbers<std::uint8_t> is_crowd_;
    Numbers<double> areas_;
};

ComparisonOptions make_options(std::vector<std::int64_t> category_ids, bool as_panopticapi) {
    ComparisonOptions options;
    options.protocol = as_panopticapi ? Protocol::panopticapi : Protocol::coco;
    options.category_ids = std::move(category_ids);
    return options;
}

template <class T, class Rows, class Field>
py::array_t<T> column(const Rows& rows, Field field) {
    py::array_t<T> values(static_cast<py::ssize_t>(rows.size()));
    T* out = values.mutable_data();
    for (const auto& row : rows) *out++ = static_cast<T>(field(row));
    return values;
}

py::tuple columns(const Comparison& comparison) {
    const auto same = [](const auto& value) { return value; };
    const auto& [outcomes, notes] = comparison.all;
    return py::make_tuple(
        column<std::int64_t>(comparison.outcome_images, same),
        column<std::int8_t>(outcomes, [](const auto& row) { return row.kind; }),
        column<std::int64_t>(outcomes, [](const auto& row) { return row.category_id; }),
        column<double>(outcomes, [](const auto& row) { return row.iou; }),
        column<std::int64_t>(comparison.note_images, same),
        column<std::int8_t>(notes, [](const auto& row) { return row.finding; }),
        column<std::int64_t>(notes, [](const auto& row) { return row.segment; }),
        column<double>(notes, [](const auto& row) { return row.listed; }),
        column<std::int64_t>(notes, [](const auto& row) { return row.pixels; }));
}

// Pairs of one image: int64 columns, sorted by (gt id, pred id).
std::vector<evaluation::Pair> take_pairs(const py::handle table) {
    const auto [gt, pred, counts] = table.cast<
        std::tuple<Numbers<std::int64_t>, Numbers<std::int64_t>, Numbers<std::int64_t>>>();
    const auto gt_ids = span(gt), pred_ids = span(pred), pixels = span(counts);
    if (gt_ids.size() != pred_ids.size() || gt_ids.size() != pixels.size())
        throw std::invalid_argument("expected the columns of a table to have one length");
    constexpr std::int64_t most_pixels = std::int64_t{1} << 48;
    std::vector<evaluation::Pair> pairs;
    std::int64_t total = 0;
    for (std::size_t i = 0; i < gt_ids.size(); ++i) {
        if (pixels[i] < 1 || pixels[i] > most_pixels || (total += pixels[i]) > most_pixels)
            throw std::invalid_argument("expected positive counts, no more than 2^48 in all");
        pairs.push_back({gt_ids[i], pred_ids[i], pixels[i]});
        if (i > 0 && std::pair(gt_ids[i - 1], pred_ids[i - 1]) >= std::pair(gt_ids[i], pred_ids[i]))
            throw std::invalid_argument("expected pairs in ascending order");
    }
    return pairs;
}

py::tuple compare_images(const py::sequence& tables, const py::object& gt_, const py::object& pred_,
                         std::vector<std::int64_t> category_ids, bool as_panopticapi,
                         const std::vector<std::string>& names) {
    const Columns gt(gt_), pred(pred_);
    const ListedColumns gt_listed = gt.view(), pred_listed = pred.view();
    check(gt_listed, names.size(), "gt");
    check(pred_listed, names.size(), "pred");
    if (tables.size() != names.size())
        throw std::invalid_argument("expected as many tables as names");
    std::vector<std::vector<evaluation::Pair>> pairs;
    std::vector<evaluation::Image> images(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        pairs.push_back(take_pairs(tables[i]));
        evaluation::Image& image = images[i];
        image.pairs = pairs.back();
        image.gt = gt_listed.of(i);
        image.pred = pred_listed.of(i);
        image.name = names[i];
        image.gt_map = "gt";
        image.pred_map = "pred";
    }
    Comparison result;
    {
        py::gil_scoped_release release;
        result = evaluation::compare_images(images,
                                            make_options(std::move(category_ids), as_panopticapi));
    }
    return columns(result);
}

std::vector<std::string> take_files(const py::sequence& files) {
    std::vector<std::string> paths;
    for (const py::handle file : files) {
        paths.push_back(py::bytes(py::reinterpret_borrow<py::object>(file)));
        if (paths.back().find('\0') != std::string::npos)
            throw std::invalid_argument("a path cannot hold a null byte");
    }
    return paths;
}

py::tuple compare_files(const py::sequence& gt_files, const py::sequence& pred_files,
                        const py::object& gt_, const py::object& pred_,
                        std::vector<std::int64_t> category_ids, bool as_panopticapi,
                        const std::vector<std::string>& names, std::optional<int> threads,
                        std::uint64_t max_pixels, const py::object& progress) {
    const std::vector<std::string> gt_paths = take_files(gt_files),
                                   pred_paths = take_files(pred_files);
    std::optional<Columns> gt, pred;
    const auto listing = [&] {
        py::gil_scoped_acquire acquire;
        gt.emplace(PyCallable_Check(gt_.ptr()) != 0 ? gt_() : gt_);
        pred.emplace(PyCallable_Check(pred_.ptr()) != 0 ? pred_() : pred_);
        return evaluation::Listing{gt->view(), pred->view()};
    };
    ComparisonOptions options = make_options(std::move(category_ids), as_panopticapi);
    options.threads = threads;
    options.most_pixels = max_pixels;
    options.progress = [&](std::int64_t done) {
        py::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        if (!progress.is_none()) progress(done);
    };
    Comparison result;
    {
        py::gil_scoped_release release;
        result =
            evaluation::compare_files(names, gt_paths, pred_paths, listing, std::move(options));
    }
    return columns(result);
}

}  // namespace

void bind_evaluation(py::module_& m) {
    py::module_ evaluation = m.def_submodule("evaluation");
    evaluation.def("compare_images", &compare_images, py::arg("tables"), py::arg("gt"),
                   py::arg("pred"), py::arg("category_ids"), py::arg("as_panopticapi"),
                   py::arg("names"));
    evaluation.def("compare_files", &compare_files, py::arg("gt_files"), py::arg("pred_files"),
                   py::arg("gt"), py::arg("pred"), py::arg("category_ids"),
                   py::arg("as_panopticapi"), py::arg("names"), py::arg("threads"),
                   py::arg("max_pixels"), py::arg("progress"));
}

}  // namespace panfuse::bindings

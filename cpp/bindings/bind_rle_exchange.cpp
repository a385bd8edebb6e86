#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/array.h"
#include "bindings/bind_rle_parts.h"
#include "rle/brush.h"
#include "rle/faults.h"
#include "rle/measure.h"
#include "rle/placement.h"
#include "rle/spans.h"
#include "rle/string.h"
#include "support/error.h"

namespace panfuse::bindings {
namespace {

using rle::Counts;
using rle::Size;
using Sides = std::vector<std::pair<std::int64_t, std::int64_t>>;

// Where the counts of each mask begin, and all of them.
std::pair<py::array, py::array> arrays_of(const rle::Masks& masks) {
    return {copied(masks.starts().data(), masks.starts().size()),
            copied(masks.counts().data(), masks.counts().size())};
}

py::list faults(const py::bytes& text,
                const std::optional<std::pair<std::int64_t, std::int64_t>>& size_, bool strict) {
    static constexpr const char* names[] = {"character", "truncated", "length", "negative",
                                            "overflow",  "sum",       "zero",   "padding"};
    std::optional<Size> size;
    if (size_) size = Size{size_->first, size_->second};
    py::list list;
    for (const rle::Fault& fault : rle::find_faults(std::string_view(text), size, strict))
        list.append(py::make_tuple(names[static_cast<int>(fault.code)], fault.position, fault.run,
                                   fault.value));
    return list;
}

py::object canonical(const py::object& rles, bool text) {
    const rle::Masks masks = take_rles(rles, "rles");
    rle::Masks results;
    {
        py::gil_scoped_release release;
        results.reserve(masks.size(), masks.counts().size());
        for (std::size_t i = 0; i < masks.size(); ++i) {
            rle::canonical(masks[i], masks.size_of(i), results.arena());
            results.close(masks.size_of(i));
        }
    }
    return give_like(rles, results, text);
}

// Canonical counts along columns or `rows`: sizes (N, 2), where each begins, and all of them.
py::tuple columns(const py::object& rles, bool rows) {
    const rle::Masks masks = take_rles(rles, "rles");
    rle::Masks results;
    py::array_t<std::int64_t> sizes({static_cast<py::ssize_t>(masks.size()), py::ssize_t{2}});
    std::int64_t* side = sizes.mutable_data();
    {
        py::gil_scoped_release release;
        rle::Columns mask;
        for (std::size_t i = 0; i < masks.size(); ++i) {
            const Size size = masks.size_of(i);
            *side++ = size.height;
            *side++ = size.width;
            if (rows) {
                mask.fill(masks[i], size);
                rle::transpose(mask, results.arena());
            } else {
                rle::canonical(masks[i], size, results.arena());
            }
            results.close(size);
        }
    }
    const auto [starts, counts] = arrays_of(results);
    return py::make_tuple(sizes, starts, counts);
}

// Counts side by side, as `columns` returns them.
class Given {
  public:
    Given(const py::object& starts, const py::object& counts)
        : starts_(Caller(py::none()).take_column(starts, "starts")),
          counts_(Caller(py::none()).take_column(counts, "counts")) {
        if (starts_.view.dtype != int64 ||
            counts_.view.dtype != Dtype{Dtype::Kind::unsigned_integer, 4})
            throw TypeError("expected starts of int64 and counts of uint32");
        for (std::size_t i = 0; i < size(); ++i)
            if (start(i) < 0 || start(i) > start(i + 1) || start(i + 1) > counts_.view.shape[0])
                throw std::invalid_argument("expected starts that ascend within the counts");
    }

    std::size_t size() const {
        return static_cast<std::size_t>(std::max<std::int64_t>(starts_.view.shape[0], 1) - 1);
    }
    // std::invalid_argument if they do not sum to the size.
    rle::Runs runs(std::size_t i, Size size) const {
        const auto* const all = static_cast<const std::uint32_t*>(counts_.view.data);
        const rle::Runs found(all + start(i), all + start(i + 1));
        rle::check_counts(found, size);
        return found;
    }

  private:
    std::int64_t start(std::size_t i) const {
        return static_cast<const std::int64_t*>(starts_.view.data)[i];
    }

    Array starts_, counts_;
};

void check_number(std::size_t got, std::size_t expected, const char* what) {
    if (got != expected)
        throw std::invalid_argument(std::string(what) + ": expected " + std::to_string(expected) +
                                    ", got " + std::to_string(got));
}

Size checked(std::pair<std::int64_t, std::int64_t> sides) {
    const Size size{sides.first, sides.second};
    check_size(size, "size");
    return size;
}

py::list from_columns(const Sides& sides, const py::object& starts, const py::object& counts,
                      bool rows, bool text) {
    const Given given(starts, counts);
    check_number(sides.size(), given.size(), "sizes");
    rle::Masks results;
    {
        py::gil_scoped_release release;
        rle::Columns mask;
        for (std::size_t i = 0; i < given.size(); ++i) {
            const Size size = checked(sides[i]);
            if (rows) {
                mask.fill(given.runs(i, size), {size.width, size.height});
                rle::transpose(mask, results.arena());
            } else {
                rle::canonical(given.runs(i, size), size, results.arena());
            }
            results.close(size);
        }
    }
    return give_rles(results, form_of(text));
}

// Each mask in its own box: boxes (N, 4), where the counts along rows begin, and all of them.
py::tuple cropped_rows(const py::object& rles) {
    const rle::Masks masks = take_rles(rles, "rles");
    rle::Masks results;
    py::array_t<std::int64_t> boxes({static_cast<py::ssize_t>(masks.size()), py::ssize_t{4}});
    std::int64_t* side = boxes.mutable_data();
    {
        py::gil_scoped_release release;
        rle::Columns mask;
        Counts cropped;
        for (std::size_t i = 0; i < masks.size(); ++i) {
            mask.fill(masks[i], masks.size_of(i));
            const rle::Box box = rle::box(masks[i], masks.size_of(i));
            for (const std::int64_t number : {box.x, box.y, box.width, box.height})
                *side++ = number;
            const Size size{box.height, box.width};
            cropped.clear();
            rle::place(mask, box.y, box.x, size, cropped);
            mask.fill(cropped, size);
            rle::transpose(mask, results.arena());
            results.close(size);
        }
    }
    const auto [starts, counts] = arrays_of(results);
    return py::make_tuple(boxes, starts, counts);
}

py::list from_cropped_rows(const std::vector<std::array<std::int64_t, 4>>& boxes,
                           const Sides& sides, const py::object& starts, const py::object& counts,
                           bool text) {
    const Given given(starts, counts);
    check_number(boxes.size(), given.size(), "boxes");
    check_number(sides.size(), given.size(), "sizes");
    rle::Masks results;
    {
        py::gil_scoped_release release;
        rle::Columns mask;
        Counts turned;
        for (std::size_t i = 0; i < given.size(); ++i) {
            const auto [x, y, width, height] = boxes[i];
            const Size size = checked(sides[i]), cropped = checked({height, width});
            mask.fill(given.runs(i, cropped), {cropped.width, cropped.height});
            turned.clear();
            rle::transpose(mask, turned);
            mask.fill(turned, cropped);
            rle::place(mask, -y, -x, size, results.arena());
            results.close(size);
        }
    }
    return give_rles(results, form_of(text));
}

py::list to_brush(const py::object& rles) {
    const rle::Masks masks = take_rles(rles, "rles");
    std::vector<std::vector<std::uint8_t>> streams;
    {
        py::gil_scoped_release release;
        streams.reserve(masks.size());
        rle::Columns mask;
        Counts rows;
        for (std::size_t i = 0; i < masks.size(); ++i) {
            mask.fill(masks[i], masks.size_of(i));
            rows.clear();
            rle::transpose(mask, rows);
            try {
                streams.push_back(rle::pack_brush(rows));
            } catch (const std::invalid_argument& error) {
                throw std::invalid_argument("rles[" + std::to_string(i) + "]: " + error.what());
            }
        }
    }
    py::list results(streams.size());
    for (std::size_t i = 0; i < streams.size(); ++i)
        results[i] = py::bytes(reinterpret_cast<const char*>(streams[i].data()), streams[i].size());
    return results;
}

py::list from_brush(const std::vector<std::string>& streams, const Sides& sides, bool text) {
    check_number(sides.size(), streams.size(), "sizes");
    rle::Masks results;
    {
        py::gil_scoped_release release;
        rle::Columns mask;
        Counts rows;
        for (std::size_t i = 0; i < streams.size(); ++i) {
            const Size size = checked(sides[i]);
            rows.clear();
            try {
                rle::unpack_brush(
                    {reinterpret_cast<const std::uint8_t*>(streams[i].data()), streams[i].size()},
                    size, rows);
            } catch (const std::invalid_argument& error) {
                throw std::invalid_argument("streams[" + std::to_string(i) + "]: " + error.what());
            }
            mask.fill(rows, {size.width, size.height});
            rle::transpose(mask, results.arena());
            results.close(size);
        }
    }
    return give_rles(results, form_of(text));
}

}  // namespace

void bind_rle_exchange(py::module_& rle) {
    rle.def("faults", &faults, py::arg("text"), py::arg("size"), py::arg("strict"));
    rle.def("canonical", &canonical, py::arg("rles"), py::arg("text"));
    rle.def("columns", &columns, py::arg("rles"), py::arg("rows"));
    rle.def("from_columns", &from_columns, py::arg("sizes"), py::arg("starts"), py::arg("counts"),
            py::arg("rows"), py::arg("text"));
    rle.def("cropped_rows", &cropped_rows, py::arg("rles"));
    rle.def("from_cropped_rows", &from_cropped_rows, py::arg("boxes"), py::arg("sizes"),
            py::arg("starts"), py::arg("counts"), py::arg("text"));
    rle.def("to_brush", &to_brush, py::arg("rles"));
    rle.def("from_brush", &from_brush, py::arg("streams"), py::arg("sizes"), py::arg("text"));
}

}  // namespace panfuse::bindings

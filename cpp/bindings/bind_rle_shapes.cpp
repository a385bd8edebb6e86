#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/bind_rle_parts.h"
#include "rle/boundary.h"
#include "rle/components.h"
#include "rle/placement.h"
#include "rle/spans.h"

namespace panfuse::bindings {
namespace {

using rle::Columns;
using rle::Counts;
using rle::Size;

// Calls op(mask, counts, where) for each mask: it appends another one's counts and returns its
// size.
template <class Op>
py::object each(const py::object& rles, bool text, Op&& op) {
    const rle::Masks masks = take_rles(rles, "rles");
    const bool single = PyDict_Check(rles.ptr()) != 0;
    rle::Masks results;
    {
        py::gil_scoped_release release;
        results.reserve(masks.size(), masks.counts().size());
        Columns mask;
        for (std::size_t i = 0; i < masks.size(); ++i) {
            mask.fill(masks[i], masks.size_of(i));
            const auto where = [&] { return single ? "rles" : "rles[" + std::to_string(i) + "]"; };
            results.close(op(mask, results.arena(), where));
        }
    }
    return give_like(rles, results, text);
}

py::object boundary(const py::object& rles, double ratio, bool text) {
    return each(rles, text, [&](const Columns& mask, Counts& counts, auto&&) {
        rle::boundary(mask, rle::band_width(mask.size(), ratio), counts);
        return mask.size();
    });
}

py::object crop(const py::object& rles, std::int64_t top, std::int64_t left, std::int64_t bottom,
                std::int64_t right, bool text) {
    return each(rles, text, [&](const Columns& mask, Counts& counts, auto&& where) {
        if (bottom > mask.size().height || right > mask.size().width)
            throw std::invalid_argument("box: expected one within " + where() + ", which is " +
                                        size_text(mask.size()) + ", got rows up to " +
                                        std::to_string(bottom) + " and columns up to " +
                                        std::to_string(right));
        const Size size{bottom - top, right - left};
        rle::place(mask, top, left, size, counts);
        return size;
    });
}

py::object pad(const py::object& rles, std::int64_t top, std::int64_t bottom, std::int64_t left,
               std::int64_t right, bool text) {
    return each(rles, text, [&](const Columns& mask, Counts& counts, auto&& where) {
        const Size size{top + mask.size().height + bottom, left + mask.size().width + right};
        if (size.height > rle::longest_side || size.width > rle::longest_side ||
            size.pixels() > rle::most_pixels)
            throw std::invalid_argument(where() + ": with these margins it would be " +
                                        size_text(size) + ", which is too large");
        rle::place(mask, -top, -left, size, counts);
        return size;
    });
}

py::object shift(const py::object& rles, std::int64_t dy, std::int64_t dx, bool text) {
    return each(rles, text, [&](const Columns& mask, Counts& counts, auto&&) {
        rle::place(mask, -dy, -dx, mask.size(), counts);
        return mask.size();
    });
}

py::object flip(const py::object& rles, const std::string& axis, bool text) {
    const auto which = axis == "rows"      ? rle::Axis::rows
                       : axis == "columns" ? rle::Axis::columns
                                           : rle::Axis::both;
    return each(rles, text, [&](const Columns& mask, Counts& counts, auto&&) {
        rle::flip(mask, which, counts);
        return mask.size();
    });
}

py::object resize(const py::object& rles, std::int64_t height, std::int64_t width, bool exact,
                  bool text) {
    const Size size{height, width};
    const auto rule = exact ? rle::Nearest::center : rle::Nearest::corner;
    return each(rles, text, [&](const Columns& mask, Counts& counts, auto&& where) {
        if (mask.size().pixels() == 0)
            throw std::invalid_argument(where() + ": there is nothing to take pixels from in " +
                                        size_text(mask.size()));
        rle::resize(mask, size, rule, counts);
        return size;
    });
}

py::object invert(const py::object& rles, bool text) {
    return each(rles, text, [&](const Columns& mask, Counts& counts, auto&&) {
        rle::invert(mask, counts);
        return mask.size();
    });
}

py::list components(const py::object& rles, bool diagonal, bool text) {
    const rle::Masks masks = take_rles(rles, "rles");
    rle::Masks parts;
    std::vector<std::size_t> stops{0};
    {
        py::gil_scoped_release release;
        Columns mask;
        rle::Components found;
        for (std::size_t i = 0; i < masks.size(); ++i) {
            mask.fill(masks[i], masks.size_of(i));
            found.find(mask, diagonal);
            found.write([&]() -> Counts& { return parts.arena(); },
                        [&] { parts.close(masks.size_of(i)); });
            stops.push_back(parts.size());
        }
    }
    const py::list all = give_rles(parts, form_of(text));
    if (PyDict_Check(rles.ptr())) return all;
    py::list lists(masks.size());
    for (std::size_t i = 0; i < masks.size(); ++i)
        lists[i] = all[py::slice(static_cast<py::ssize_t>(stops[i]),
                                 static_cast<py::ssize_t>(stops[i + 1]), 1)];
    return lists;
}

}  // namespace

void bind_rle_shapes(py::module_& m) {
    py::module_ rle = m.def_submodule("rle");
    rle.def("boundary", &boundary, py::arg("rles"), py::arg("ratio"), py::arg("text"));
    rle.def("crop", &crop, py::arg("rles"), py::arg("top"), py::arg("left"), py::arg("bottom"),
            py::arg("right"), py::arg("text"));
    rle.def("pad", &pad, py::arg("rles"), py::arg("top"), py::arg("bottom"), py::arg("left"),
            py::arg("right"), py::arg("text"));
    rle.def("shift", &shift, py::arg("rles"), py::arg("dy"), py::arg("dx"), py::arg("text"));
    rle.def("flip", &flip, py::arg("rles"), py::arg("axis"), py::arg("text"));
    rle.def("resize", &resize, py::arg("rles"), py::arg("height"), py::arg("width"),
            py::arg("exact"), py::arg("text"));
    rle.def("invert", &invert, py::arg("rles"), py::arg("text"));
    rle.def("components", &components, py::arg("rles"), py::arg("diagonal"), py::arg("text"));
}

}  // namespace panfuse::bindings

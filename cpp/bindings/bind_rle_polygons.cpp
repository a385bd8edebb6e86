#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bindings/bind_rle_parts.h"
#include "rle/outline.h"
#include "rle/polygon.h"
#include "support/error.h"

namespace panfuse::bindings {
namespace {

// Lists within a list, side by side.
template <class T>
struct Lists {
    std::vector<T> items;
    std::vector<std::size_t> starts{0};

    std::size_t size() const { return starts.size() - 1; }
    std::span<const T> operator[](std::size_t i) const {
        return std::span(items).subspan(starts[i], starts[i + 1] - starts[i]);
    }
    void close() { starts.push_back(items.size()); }
};

std::string at(const std::string& where, std::size_t i) {
    return where + "[" + std::to_string(i) + "]";
}

py::object fast_sequence(py::handle object, const std::string& where, const char* what) {
    if (py::object items = items_in_order(object)) return items;
    throw TypeError(where + ": expected " + what + ", got " + Py_TYPE(object.ptr())->tp_name);
}

double take_number(PyObject* item, const std::string& where) {
    if (PyFloat_CheckExact(item)) return PyFloat_AS_DOUBLE(item);
    const double value = PyFloat_AsDouble(item);
    if (value != -1.0 || PyErr_Occurred() == nullptr) return value;
    const bool is_large = PyErr_ExceptionMatches(PyExc_OverflowError) != 0;
    PyErr_Clear();
    if (is_large) throw std::overflow_error(where + ": an integer is beyond the range of floats");
    throw TypeError(where + ": expected numbers, got " + Py_TYPE(item)->tp_name);
}

void take_array(const py::array& given, const std::string& where, std::vector<double>& xy) {
    const char kind = given.dtype().kind();
    if (kind != 'f' && kind != 'i' && kind != 'u')
        throw TypeError(where + ": expected an array of numbers, got one of " +
                        py::str(given.dtype()).cast<std::string>());
    const bool is_flat = given.ndim() == 1;
    if (!is_flat && (given.ndim() != 2 || given.shape(1) != 2))
        throw std::invalid_argument(where +
                                    ": expected an array with one axis, or of shape (N, 2)");
    const auto numbers =
        py::array_t<double, py::array::c_style | py::array::forcecast>::ensure(given);
    if (!numbers) throw py::error_already_set();
    xy.insert(xy.end(), numbers.data(), numbers.data() + numbers.size());
}

void take_polygon(py::handle polygon, const std::string& where, Lists<double>& polygons) {
    const std::size_t before = polygons.items.size();
    if (py::isinstance<py::array>(polygon)) {
        take_array(py::reinterpret_borrow<py::array>(polygon), where, polygons.items);
    } else {
        const py::object items = fast_sequence(polygon, where, "a sequence of numbers");
        for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.ptr()); ++i) {
            // Held: __float__ is anybody's code, and may change the list.
            const auto item =
                py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(items.ptr(), i));
            polygons.items.push_back(take_number(item.ptr(), where));
        }
    }
    const std::size_t numbers = polygons.items.size() - before;
    if (numbers % 2 != 0)
        throw std::invalid_argument(where + ": expected x and y of each point, got " +
                                    std::to_string(numbers) + " numbers");
    if (numbers < 6)
        throw std::invalid_argument(where + ": expected 3 points or more, got " +
                                    std::to_string(numbers / 2));
    polygons.close();
}

[[noreturn]] void fail(const rle::VertexError& error, const std::string& where) {
    const std::string what =
        where + ": coordinate " + std::to_string(error.coordinate) + " " + error.what();
    if (error.far) throw std::overflow_error(what);
    throw std::invalid_argument(what);
}

constexpr std::size_t many_counts = std::size_t{1} << 16;

// The number of parts of each mask, and all parts.
struct Given {
    Lists<double> parts;
    std::vector<std::size_t> stops;
};

Given take_masks(py::handle polygons, bool batched) {
    Given given;
    const std::string name = "polygons";
    const auto take_mask = [&](py::handle mask, const std::string& where) {
        const py::object parts = fast_sequence(mask, where, "a sequence of polygons");
        for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(parts.ptr()); ++i)
            take_polygon(
                py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(parts.ptr(), i)),
                at(where, static_cast<std::size_t>(i)), given.parts);
        given.stops.push_back(given.parts.size());
    };
    if (!batched) {
        take_mask(polygons, name);
        return given;
    }
    const py::object masks = fast_sequence(polygons, name, "a sequence of masks");
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(masks.ptr()); ++i)
        take_mask(py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(masks.ptr(), i)),
                  at(name, static_cast<std::size_t>(i)));
    return given;
}

rle::Size take_canvas(py::handle size, const std::string& where) {
    const rle::Size taken = take_size(size, where);
    if (taken.pixels() == 0)
        throw std::invalid_argument(where + ": expected sides of 1 or more, got " +
                                    size_text(taken));
    return taken;
}

// One size for all masks of a batch, or one for each.
std::vector<rle::Size> take_canvases(py::handle size, std::size_t masks) {
    const py::object items = fast_sequence(size, "size", "(height, width) or a list of those");
    const Py_ssize_t n = PySequence_Fast_GET_SIZE(items.ptr());
    if (n > 0 && PySequence_Check(PySequence_Fast_GET_ITEM(items.ptr(), 0)) == 0)
        return {take_canvas(size, "size")};
    std::vector<rle::Size> sizes;
    for (Py_ssize_t i = 0; i < n; ++i)
        sizes.push_back(take_canvas(
            py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(items.ptr(), i)),
            at("size", static_cast<std::size_t>(i))));
    if (sizes.size() != masks)
        throw std::invalid_argument("size: expected one, or one for each of " +
                                    std::to_string(masks) + " masks, got " + std::to_string(n));
    return sizes;
}

py::object from_polygons(const py::object& polygons, const py::object& size_, bool even_odd,
                         bool batched, bool text) {
    const Given given = take_masks(polygons, batched);
    const std::size_t n = given.stops.size();
    std::vector<rle::Size> sizes;
    if (batched)
        sizes = take_canvases(size_, n);
    else
        sizes.push_back(take_canvas(size_, "size"));
    rle::Filler filler({});
    std::size_t mask = 0, part = 0;
    // Masks until they have many counts: what was just written is in the cache when it is read.
    const auto fill_some = [&] {
        rle::Masks masks;
        py::gil_scoped_release release;
        for (; mask < n && masks.counts().size() < many_counts; ++mask) {
            const rle::Size size = sizes[sizes.size() == 1 ? 0 : mask];
            filler.resize(size);
            for (const std::size_t first = part; part < given.stops[mask]; ++part) {
                try {
                    filler.add(given.parts[part]);
                } catch (const rle::VertexError& error) {
                    fail(error, at(batched ? at("polygons", mask) : "polygons", part - first));
                }
                if (!even_odd) filler.next();
            }
            if (even_odd)
                filler.even_odd(masks.arena());
            else
                filler.merged(masks.arena());
            masks.close(size);
        }
        return masks;
    };
    if (!batched) {
        const rle::Masks masks = fill_some();
        return give_rle(masks[0], masks.size_of(0), form_of(text));
    }
    py::list all;
    while (mask < n)
        for (const py::handle given_mask : give_rles(fill_some(), form_of(text)))
            all.append(given_mask);
    return all;
}

py::list give_polygons(const Lists<std::int64_t>& rings, std::size_t first, std::size_t stop) {
    py::list polygons(stop - first);
    for (std::size_t ring = first; ring < stop; ++ring) {
        const auto numbers = rings[ring];
        py::list polygon(numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i) polygon[i] = py::int_(numbers[i]);
        polygons[ring - first] = std::move(polygon);
    }
    return polygons;
}

py::object to_polygons(const py::object& rles, std::optional<double> tolerance) {
    const rle::Masks masks = take_rles(rles, "rles");
    Lists<std::int64_t> rings;
    std::vector<std::size_t> stops;
    {
        py::gil_scoped_release release;
        rle::Columns columns;
        rle::Outlines outlines;
        for (std::size_t mask = 0; mask < masks.size(); ++mask) {
            columns.fill(masks[mask], masks.size_of(mask));
            outlines.find(columns);
            outlines.visit([&](const rle::Ring& ring) {
                const auto put = [&](const rle::Ring& corners) {
                    for (const rle::Corner& corner : corners)
                        rings.items.insert(rings.items.end(), {corner.x, corner.y});
                };
                if (tolerance)
                    put(rle::simplified(ring, *tolerance));
                else
                    put(ring);
                rings.close();
            });
            stops.push_back(rings.size());
        }
    }
    if (PyDict_Check(rles.ptr())) return give_polygons(rings, 0, stops[0]);
    py::list all(masks.size());
    for (std::size_t mask = 0; mask < masks.size(); ++mask)
        all[mask] = give_polygons(rings, mask == 0 ? 0 : stops[mask - 1], stops[mask]);
    return all;
}

}  // namespace

void bind_rle_polygons(py::module_& rle) {
    rle.def("from_polygons", &from_polygons, py::arg("polygons"), py::arg("size"),
            py::arg("even_odd"), py::arg("batched"), py::arg("text"));
    rle.def("to_polygons", &to_polygons, py::arg("rles"), py::arg("tolerance"));
}

}  // namespace panfuse::bindings

#include "bindings/bind_rle.h"

#include <pybind11/numpy.h>

#include <vector>

#include "bindings/rle_arguments.h"
#include "rle/measure.h"

namespace panfuse::bindings {
namespace {

py::array_t<std::uint32_t> area(const py::object& rles, const char* argument) {
    const rle::Masks masks = take_rles(rles, argument);
    py::array_t<std::uint32_t> areas(static_cast<py::ssize_t>(masks.size()));
    for (std::size_t i = 0; i < masks.size(); ++i)
        areas.mutable_data()[i] = static_cast<std::uint32_t>(rle::area(masks[i]));
    return areas;
}

py::array_t<double> boxes(const py::object& rles, const char* argument) {
    const rle::Masks masks = take_rles(rles, argument);
    py::array_t<double> boxes({static_cast<py::ssize_t>(masks.size()), py::ssize_t{4}});
    double* out = boxes.mutable_data();
    for (std::size_t i = 0; i < masks.size(); ++i) {
        const rle::Box box = rle::box(masks[i], masks.size_of(i));
        for (const std::int32_t side : {box.x, box.y, box.width, box.height}) *out++ = side;
    }
    return boxes;
}

// The masks as they came, written anew.
py::list rewrite(const py::object& rles, const char* argument, bool text) {
    return give_rles(take_rles(rles, argument), text ? Form::text : Form::bytes);
}

}  // namespace

void bind_rle(py::module_& m) {
    py::module_ rle = m.def_submodule("rle");
    rle.def("area", &area, py::arg("rles"), py::arg("argument"));
    rle.def("boxes", &boxes, py::arg("rles"), py::arg("argument"));
    rle.def("rewrite", &rewrite, py::arg("rles"), py::arg("argument"), py::arg("text"));
}

}  // namespace panfuse::bindings

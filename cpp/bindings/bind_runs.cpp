#include "bindings/bind_runs.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/array.h"
#include "runs/scanner.h"

namespace panfuse::bindings {
namespace {

Array row(const py::object& array, const char* argument) {
    return Caller(py::none()).take_column(array, argument);
}

std::size_t length(const Array& array) { return static_cast<std::size_t>(array.view.shape[0]); }

void check_lengths(const Array& a, const Array& b) {
    if (length(a) != length(b)) throw std::invalid_argument("rows must have one length");
}

py::array_t<std::uint64_t> changes(const py::object& row_) {
    const Array pixels = row(row_, "row");
    py::array_t<std::uint64_t> bits(static_cast<py::ssize_t>(runs::words(length(pixels))));
    runs::scanner().changes[runs::width_index(pixels.view.dtype.bytes)](
        pixels.view.data, length(pixels), bits.mutable_data());
    return bits;
}

py::array_t<std::uint64_t> differences(const py::object& row_, const py::object& above_) {
    const Array pixels = row(row_, "row"), above = row(above_, "above");
    check_lengths(pixels, above);
    if (pixels.view.dtype.bytes != above.view.dtype.bytes)
        throw std::invalid_argument("rows must have one width");
    py::array_t<std::uint64_t> bits(static_cast<py::ssize_t>(runs::words(length(pixels))));
    runs::scanner().differences[runs::width_index(pixels.view.dtype.bytes)](
        pixels.view.data, above.view.data, length(pixels), bits.mutable_data());
    return bits;
}

py::array_t<std::uint16_t> joint_starts(const py::object& a_, const py::object& b_) {
    const Array a = row(a_, "a"), b = row(b_, "b");
    check_lengths(a, b);
    if (length(a) > runs::most_joint_pixels) throw std::invalid_argument("row is too long");
    if (length(a) == 0) return py::array_t<std::uint16_t>(0);
    std::vector<std::uint16_t> starts(length(a) + runs::starts_slack);
    const std::size_t count =
        runs::scanner().joint_starts[runs::width_index(a.view.dtype.bytes)][runs::width_index(
            b.view.dtype.bytes)](a.view.data, b.view.data, length(a), starts.data());
    return py::array_t<std::uint16_t>(static_cast<py::ssize_t>(count), starts.data());
}

py::array_t<std::uint16_t> joint_bits(const py::object& a_, const py::object& b_, std::size_t n) {
    const Array a = row(a_, "a"), b = row(b_, "b");
    check_lengths(a, b);
    if (n > runs::most_joint_pixels) throw std::invalid_argument("row is too long");
    if (a.view.dtype.bytes != 8 || b.view.dtype.bytes != 8 || length(a) != runs::words(n))
        throw std::invalid_argument("expected the 64-bit words of n bits");
    std::vector<std::uint16_t> starts(n + runs::starts_slack);
    const std::size_t count = runs::scanner().joint_bits(
        static_cast<const std::uint64_t*>(a.view.data),
        static_cast<const std::uint64_t*>(b.view.data), n, starts.data());
    return py::array_t<std::uint16_t>(static_cast<py::ssize_t>(count), starts.data());
}

}  // namespace

void bind_runs(py::module_& m) {
    py::module_ runs = m.def_submodule("runs");
    runs.def("changes", &changes, py::arg("row"));
    runs.def("differences", &differences, py::arg("row"), py::arg("above"));
    runs.def("joint_starts", &joint_starts, py::arg("a"), py::arg("b"));
    runs.def("joint_bits", &joint_bits, py::arg("a"), py::arg("b"), py::arg("n"));
}

}  // namespace panfuse::bindings

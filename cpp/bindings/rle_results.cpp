#include "bindings/rle_results.h"

#include "rle/string.h"

namespace panfuse::bindings {
namespace {

py::object checked(PyObject* made) {
    if (made == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
}

}  // namespace

py::object give_integer(std::int64_t value) { return checked(PyLong_FromLongLong(value)); }

py::object give_integers(std::initializer_list<std::int64_t> values) {
    py::object list = checked(PyList_New(static_cast<Py_ssize_t>(values.size())));
    Py_ssize_t i = 0;
    for (const std::int64_t value : values)
        PyList_SET_ITEM(list.ptr(), i++, give_integer(value).release().ptr());
    return list;
}

void set_item(py::dict& dict, const py::str& key, const py::object& value) {
    if (PyDict_SetItem(dict.ptr(), key.ptr(), value.ptr()) != 0) throw py::error_already_set();
}

void RleGiver::operator()(py::dict& dict, rle::Runs counts, rle::Size size) {
    char* const text = text_.reserve(rle::string_room(counts.size()));
    const auto n = static_cast<Py_ssize_t>(rle::write_string(counts, text) - text);
    set_item(dict, size_, give_integers({size.height, size.width}));
    set_item(dict, counts_,
             checked(form_ == Form::bytes ? PyBytes_FromStringAndSize(text, n)
                                          : PyUnicode_DecodeASCII(text, n, nullptr)));
}

py::dict give_rle(rle::Runs counts, rle::Size size, Form form) {
    py::dict dict;
    RleGiver{form}(dict, counts, size);
    return dict;
}

py::list give_rles(const rle::Masks& masks, Form form) {
    RleGiver give(form);
    py::list list(masks.size());
    for (std::size_t i = 0; i < masks.size(); ++i) {
        py::dict dict;
        give(dict, masks[i], masks.size_of(i));
        PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), dict.release().ptr());
    }
    return list;
}

}  // namespace panfuse::bindings

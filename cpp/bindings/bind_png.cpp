#include "bindings/bind_png.h"

#include <pybind11/numpy.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bindings/array.h"
#include "png/checksum.h"
#include "png/codec.h"
#include "png/encoder.h"
#include "png/inflate.h"
#include "png/row_decoder.h"
#include "support/file.h"

namespace panfuse::bindings {
namespace {

using Bytes = std::span<const std::uint8_t>;

// The bytes of an object with the buffer protocol, held while it lives. BufferError of Python's if
// they do not lie side by side.
class ByteView {
  public:
    explicit ByteView(const py::object& object) {
        if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) != 0)
            throw py::error_already_set();
    }
    ByteView(const ByteView&) = delete;
    ByteView& operator=(const ByteView&) = delete;
    ~ByteView() { PyBuffer_Release(&view_); }

    Bytes bytes() const {
        return {static_cast<const std::uint8_t*>(view_.buf), static_cast<std::size_t>(view_.len)};
    }

  private:
    Py_buffer view_{};
};

py::bytes to_bytes(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

py::array_t<std::uint32_t> rows(png::RowDecoder& decoder) {
    const std::size_t width = decoder.width(), height = decoder.height();
    py::array_t<std::uint32_t> ids({height, width});
    std::uint32_t* out = ids.mutable_data();
    py::gil_scoped_release release;
    for (std::size_t y = 0; y < height; ++y) {
        decoder.next();
        out = std::copy_n(decoder.ids(), width, out);
    }
    return ids;
}

py::array_t<std::uint32_t> read_file(const py::bytes& path_, std::uint64_t max_pixels) {
    const std::string path = path_;
    if (path.find('\0') != std::string::npos)
        throw std::invalid_argument("source: a path cannot hold a null byte");
    png::RowDecoder decoder;
    {
        py::gil_scoped_release release;
        Buffer<std::uint8_t> memory;
        decoder.open(panfuse::read_file(path, memory), path, max_pixels);
    }
    return rows(decoder);
}

py::array_t<std::uint32_t> read_bytes(const py::object& source, std::uint64_t max_pixels) {
    png::RowDecoder decoder;
    {
        const ByteView view(source);
        py::gil_scoped_release release;
        decoder.open(view.bytes(), "<bytes>", max_pixels);
    }
    return rows(decoder);
}

// `compress` takes filtered rows to a zlib stream; None: the library that panfuse was built with.
py::bytes encode(const py::object& ids_, const py::object& compress) {
    const Array ids = Caller(py::none()).take(ids_, "ids");
    png::check_map(ids.view);
    std::vector<std::vector<std::uint8_t>> streams;
    {
        py::gil_scoped_release release;
        streams = png::filterings(ids.view);
        if (compress.is_none())
            for (auto& stream : streams) stream = png::compress(stream);
    }
    if (!compress.is_none())
        for (auto& stream : streams) {
            const ByteView compressed(compress(to_bytes(stream)));
            stream.assign(compressed.bytes().begin(), compressed.bytes().end());
        }
    py::gil_scoped_release release;
    const auto best = std::ranges::min_element(streams, {}, &std::vector<std::uint8_t>::size);
    const std::vector<std::uint8_t> file = png::make_file(ids.view, *best);
    py::gil_scoped_acquire acquire;
    return to_bytes(file);
}

// Every row's ids and changes, as whoever counts runs sees them.
py::tuple decode_rows(const py::object& source) {
    png::RowDecoder decoder;
    decoder.open(ByteView(source).bytes(), "<bytes>", ~std::uint64_t{0});
    const std::size_t height = decoder.height(), width = decoder.width();
    const std::size_t words = (width + 63) / 64;
    py::array_t<std::uint32_t> ids({height, width});
    py::array_t<std::uint64_t> changes({height, words});
    for (std::size_t y = 0; y < height; ++y) {
        decoder.next();
        std::copy_n(decoder.ids(), width, ids.mutable_data() + y * width);
        std::copy_n(decoder.changes(), words, changes.mutable_data() + y * words);
    }
    return py::make_tuple(ids, changes);
}

// The output of a raw DEFLATE stream and how many of its bytes were used; None if the output is not
// of `size` bytes, or the stream corrupt.
py::object inflate(const py::object& stream, std::size_t size) {
    const ByteView in(stream);
    std::vector<std::uint8_t> out(size);
    const png::InflateResult result = png::Inflater()(in.bytes(), out.data(), size);
    if (result.status != png::Inflated::ok) return py::none();
    return py::make_tuple(to_bytes(out), result.used);
}

}  // namespace

void bind_png(py::module_& m) {
    py::module_ png = m.def_submodule("png");
    png.def("read_file", &read_file, py::arg("path"), py::arg("max_pixels"));
    png.def("read_bytes", &read_bytes, py::arg("source"), py::arg("max_pixels"));
    png.def("encode", &encode, py::arg("ids"), py::arg("compress"));
    png.attr("codec") = png::codec_name();
    png.def("can_compress", &png::can_compress);
    // For tests and benchmarks alone.
    png.def("decode_rows", &decode_rows, py::arg("source"));
    png.def("inflate", &inflate, py::arg("stream"), py::arg("size"));
    png.def(
        "crc32", [](const py::bytes& b) { return png::crc32(ByteView(b).bytes()); },
        py::arg("bytes"));
    png.def(
        "adler32", [](const py::bytes& b) { return png::adler32(ByteView(b).bytes()); },
        py::arg("bytes"));
}

}  // namespace panfuse::bindings

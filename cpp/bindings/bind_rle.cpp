#include "bindings/bind_rle.h"

#include <span>
#include <string>
#include <tuple>

#include "rle/box_iou.h"
#include "rle/encode.h"
#include "rle/measure.h"
#include "rle/merge.h"
#include "rle/overlap.h"
#include "rle/paint.h"
#include "support/error.h"

namespace panfuse::bindings {
namespace {

// The elements of a NumPy array with one axis, which must outlive them.
template <class T>
std::span<const T> take_typed(const py::object& column, const char* argument) {
    if (!py::isinstance<py::array_t<T>>(column))
        throw TypeError(std::string(argument) + ": expected an array of " +
                        py::str(py::dtype::of<T>()).template cast<std::string>());
    const ArrayView view = Caller(py::none()).take_column(column, argument).view;
    return {static_cast<const T*>(view.data), static_cast<std::size_t>(view.shape[0])};
}

// Less work than this is done before the GIL is released and taken again.
constexpr std::int64_t few_pixels = 1 << 15;

// A dict for an array with two axes; a list for three, of which `axis` counts masks.
py::object encode(const py::object& masks, const char* argument, int axis, bool text) {
    const Array given = Caller(py::none()).take(masks, argument, Accept::numbers);
    ArrayView view = given.view;
    const bool stack = view.rank == 3;
    if (!stack && view.rank != 2)
        throw std::invalid_argument(std::string(argument) + ": expected 2 or 3 axes, got " +
                                    std::to_string(view.rank));
    // The masks' axis, of one mask where there is none, goes first.
    const auto first = static_cast<std::size_t>(stack ? axis : 2);
    if (!stack) view.shape[first] = 1;
    std::rotate(view.shape.begin(), view.shape.begin() + first, view.shape.begin() + first + 1);
    std::rotate(view.strides.begin(), view.strides.begin() + first,
                view.strides.begin() + first + 1);
    view.rank = 3;
    const rle::Size size{view.shape[1], view.shape[2]};
    check_size(size, argument);
    rle::Masks out;
    {
        std::optional<py::gil_scoped_release> release;
        if (view.size() > few_pixels) release.emplace();
        rle::encode(view, out);
    }
    if (stack) return give_rles(out, form_of(text));
    return give_rle(out[0], size, form_of(text));
}

// Height x width for a dict; height x width x masks for a list. In Fortran's order.
py::array_t<std::uint8_t, py::array::f_style> decode(const py::object& rles, const char* argument) {
    const rle::Masks masks = take_rles_of_one_size(rles, argument);
    const rle::Size size = masks.size() == 0 ? rle::Size{} : masks.size_of(0);
    const auto height = static_cast<py::ssize_t>(size.height);
    const auto width = static_cast<py::ssize_t>(size.width);
    const auto n = static_cast<py::ssize_t>(masks.size());
    py::array_t<std::uint8_t, py::array::f_style> out(
        PyDict_Check(rles.ptr()) != 0 ? std::vector<py::ssize_t>{height, width}
                                      : std::vector<py::ssize_t>{height, width, n});
    std::uint8_t* to = out.mutable_data();
    std::optional<py::gil_scoped_release> release;
    if (n * size.pixels() > few_pixels) release.emplace();
    for (std::size_t i = 0; i < masks.size(); ++i, to += size.pixels())
        rle::decode(masks[i], size, to);
    return out;
}

py::array_t<std::uint32_t> area(const py::object& rles, const char* argument) {
    GivenRles given(rles, argument);
    py::array_t<std::uint32_t> areas(static_cast<py::ssize_t>(given.size()));
    std::uint32_t* const out = areas.mutable_data();
    given.each([&](std::size_t i, rle::Runs counts, rle::Size) {  // no mask has 2^32 pixels
        out[i] = static_cast<std::uint32_t>(rle::area(counts));
    });
    return areas;
}

py::array_t<double> boxes(const py::object& rles, const char* argument) {
    GivenRles given(rles, argument);
    py::array_t<double> boxes({static_cast<py::ssize_t>(given.size()), py::ssize_t{4}});
    double* out = boxes.mutable_data();
    given.each([&](std::size_t, rle::Runs counts, rle::Size size) {
        const rle::Box box = rle::box(counts, size);
        for (const std::int32_t side : {box.x, box.y, box.width, box.height}) *out++ = side;
    });
    return boxes;
}

// Both lists, of one size.
std::pair<rle::Masks, rle::Masks> take_two(const py::object& a, const char* a_name,
                                           const py::object& b, const char* b_name) {
    std::pair<rle::Masks, rle::Masks> both{take_rles_of_one_size(a, a_name),
                                           take_rles_of_one_size(b, b_name)};
    const auto& [first, second] = both;
    if (first.size() > 0 && second.size() > 0 && first.size_of(0) != second.size_of(0))
        throw std::invalid_argument(std::string(b_name) + ": expected the size " +
                                    size_text(first.size_of(0)) + " of " + a_name + ", got " +
                                    size_text(second.size_of(0)));
    return both;
}

// A new array of rows x columns, in Fortran's order.
template <class T>
py::array_t<T> fortran(std::size_t rows, std::size_t columns) {
    const auto m = static_cast<py::ssize_t>(rows), n = static_cast<py::ssize_t>(columns);
    const py::ssize_t item = sizeof(T);
    return py::array_t<T>({m, n}, {item, m * item});
}

using Boxes = py::array_t<double, py::array::c_style>;

// A flag for each of n boxes or masks, as bytes.
std::span<const std::uint8_t> flags(const py::bytes& crowds, std::size_t n) {
    const auto given = static_cast<std::size_t>(PyBytes_GET_SIZE(crowds.ptr()));
    if (given != n)
        throw std::invalid_argument("iscrowd: expected " + std::to_string(n) +
                                    " values, one for each of gt, got " + std::to_string(given));
    return {reinterpret_cast<const std::uint8_t*>(PyBytes_AS_STRING(crowds.ptr())), n};
}

py::array_t<double> box_iou(const Boxes& dt, const Boxes& gt, const py::bytes& crowds) {
    for (const Boxes* boxes : {&dt, &gt})
        if (boxes->ndim() != 2 || boxes->shape(1) != 4)
            throw std::invalid_argument("expected boxes (N, 4)");
    const auto m = static_cast<std::size_t>(dt.shape(0)), n = static_cast<std::size_t>(gt.shape(0));
    const std::span<const std::uint8_t> are_crowds = flags(crowds, n);
    py::array_t<double> out = fortran<double>(m, n);
    rle::box_ious({dt.data(), 4 * m}, {gt.data(), 4 * n}, are_crowds, out.mutable_data());
    return out;
}

constexpr std::size_t few_pairs = 4;

py::array_t<double> iou(const py::object& dt, const py::object& gt, const py::bytes& crowds) {
    const auto [a, b] = take_two(dt, "dt", gt, "gt");
    const std::span<const std::uint8_t> are_crowds = flags(crowds, b.size());
    py::array_t<double> out = fortran<double>(a.size(), b.size());
    double* const to = out.mutable_data();
    std::optional<py::gil_scoped_release> release;
    if (a.size() * b.size() > few_pairs) release.emplace();
    rle::ious(a, b, are_crowds, to);
    return out;
}

py::array_t<std::int64_t> intersection(const py::object& a_, const py::object& b_) {
    const auto [a, b] = take_two(a_, "a", b_, "b");
    py::array_t<std::int64_t> out = fortran<std::int64_t>(a.size(), b.size());
    std::int64_t* const to = out.mutable_data();
    py::gil_scoped_release release;
    rle::intersections(a, b, to);
    return out;
}

py::tuple columns(const std::vector<rle::SharedPixels>& pairs) {
    const auto n = static_cast<py::ssize_t>(pairs.size());
    py::array_t<std::int32_t> a(n), b(n);
    py::array_t<std::int64_t> pixels(n);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        a.mutable_data()[i] = pairs[i].a;
        b.mutable_data()[i] = pairs[i].b;
        pixels.mutable_data()[i] = pairs[i].pixels;
    }
    return py::make_tuple(a, b, pixels);
}

py::tuple overlaps(const py::object& a_, const py::object& b_) {
    const auto [a, b] = take_two(a_, "a", b_, "b");
    std::vector<rle::SharedPixels> pairs;
    {
        py::gil_scoped_release release;
        pairs = rle::overlaps(a, b);
    }
    return columns(pairs);
}

constexpr std::size_t few_counts = 4096;

py::dict merge(const py::object& rles, bool intersect, bool text) {
    rle::Masks masks = take_rles_of_one_size(rles, "rles");
    if (masks.size() == 0) throw std::invalid_argument("rles: expected a mask at least, got none");
    if (masks.size() > 1) {
        std::optional<py::gil_scoped_release> release;
        if (masks.counts().size() > few_counts) release.emplace();
        masks = rle::merge(masks, intersect);
    }
    return give_rle(masks[0], masks.size_of(0), form_of(text));
}

// The masks as they came, written anew.
py::list rewrite(const py::object& rles, const char* argument, bool text) {
    return give_rles(take_rles(rles, argument), form_of(text));
}

// The dicts of segments begin to end of a map, given its columns.
py::list dicts(const py::object& size_, const py::object& ids_, const py::object& areas_,
               const py::object& boxes_, const py::object& starts_, const py::object& counts_,
               std::int64_t begin, std::int64_t end, bool text) {
    const rle::Size size = take_size(size_, "size");
    const auto ids = take_typed<std::int32_t>(ids_, "ids");
    const auto areas = take_typed<std::int64_t>(areas_, "areas");
    const auto boxes = take_typed<std::int32_t>(boxes_, "bboxes");
    const auto starts = take_typed<std::int64_t>(starts_, "starts");
    const auto counts = take_typed<std::uint32_t>(counts_, "counts");
    const auto n = static_cast<std::int64_t>(ids.size());
    if (areas.size() != ids.size() || boxes.size() != 4 * ids.size() ||
        starts.size() != ids.size() + 1 || begin < 0 || end > n)
        throw std::invalid_argument("expected columns of one length, and rows within them");
    RleGiver give(form_of(text));
    const py::str id = interned("id"), area_ = interned("area");
    const py::str bbox = interned("bbox");
    py::list list(static_cast<std::size_t>(std::max<std::int64_t>(0, end - begin)));
    for (std::int64_t i = begin; i < end; ++i) {
        const auto k = static_cast<std::size_t>(i);
        if (starts[k] < 0 || starts[k] > starts[k + 1] ||
            starts[k + 1] > static_cast<std::int64_t>(counts.size()))
            throw std::invalid_argument("expected starts that ascend within the counts");
        py::dict dict;
        set_item(dict, id, give_integer(ids[k]));
        give(dict,
             counts.subspan(static_cast<std::size_t>(starts[k]),
                            static_cast<std::size_t>(starts[k + 1] - starts[k])),
             size);
        set_item(dict, area_, give_integer(areas[k]));
        const auto box = boxes.subspan(4 * k, 4);
        set_item(dict, bbox, give_integers({box[0], box[1], box[2], box[3]}));
        PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i - begin), dict.release().ptr());
    }
    return list;
}

// The map with one axis and its size, then the columns of overlapping pairs, and the number of
// pixels that overlap. `ids` and `order` are columns of int32 and int64; `size` may be None.
py::tuple decode_ids(const py::object& rles, const py::object& ids_, const py::object& order_,
                     const py::object& size_) {
    const rle::Masks masks = take_rles_of_one_size(rles, "rles");
    if (masks.size() == 0 && size_.is_none())
        throw std::invalid_argument("size: expected one, since there are no masks");
    const rle::Size size = size_.is_none() ? masks.size_of(0) : take_size(size_, "size");
    if (masks.size() > 0 && masks.size_of(0) != size)
        throw std::invalid_argument("rles: expected the size " + size_text(size) + ", got " +
                                    size_text(masks.size_of(0)));
    const auto ids = take_typed<std::int32_t>(ids_, "ids");
    const auto order = take_typed<std::int64_t>(order_, "order");
    const auto n = static_cast<std::int64_t>(masks.size());
    if (ids.size() != masks.size())
        throw std::invalid_argument("ids: expected an id for each of " + std::to_string(n) +
                                    " masks, got " + std::to_string(ids.size()));
    std::vector<std::size_t> sequence;
    std::vector<bool> seen(masks.size());
    for (const std::int64_t mask : order) {
        if (mask < 0 || mask >= n || seen[static_cast<std::size_t>(mask)]) break;
        seen[static_cast<std::size_t>(mask)] = true;
        sequence.push_back(static_cast<std::size_t>(mask));
    }
    if (sequence.size() != masks.size() || order.size() != masks.size())
        throw std::invalid_argument("order: expected each of 0 to " + std::to_string(n - 1) +
                                    " once");
    py::array_t<std::int32_t> map(static_cast<py::ssize_t>(size.pixels()));
    std::int32_t* const to = map.mutable_data();
    rle::SelfOverlaps shared;
    {
        py::gil_scoped_release release;
        rle::paint(masks, ids, sequence, size, to);
        shared = rle::self_overlaps(masks);
    }
    return py::make_tuple(map, py::make_tuple(size.height, size.width), columns(shared.pairs),
                          shared.pixels);
}

}  // namespace

void bind_rle(py::module_& rle) {
    rle.def("encode", &encode, py::arg("masks"), py::arg("argument"), py::arg("axis"),
            py::arg("text"));
    rle.def("decode", &decode, py::arg("rles"), py::arg("argument"));
    rle.def("area", &area, py::arg("rles"), py::arg("argument"));
    rle.def("boxes", &boxes, py::arg("rles"), py::arg("argument"));
    rle.def("box_iou", &box_iou, py::arg("dt"), py::arg("gt"), py::arg("crowds"));
    rle.def("iou", &iou, py::arg("dt"), py::arg("gt"), py::arg("crowds"));
    rle.def("intersection", &intersection, py::arg("a"), py::arg("b"));
    rle.def("overlaps", &overlaps, py::arg("a"), py::arg("b"));
    rle.def("merge", &merge, py::arg("rles"), py::arg("intersect"), py::arg("text"));
    rle.def("rewrite", &rewrite, py::arg("rles"), py::arg("argument"), py::arg("text"));
    rle.def("dicts", &dicts, py::arg("size"), py::arg("ids"), py::arg("areas"), py::arg("bboxes"),
            py::arg("starts"), py::arg("counts"), py::arg("begin"), py::arg("end"),
            py::arg("text"));
    rle.def("decode_ids", &decode_ids, py::arg("rles"), py::arg("ids"), py::arg("order"),
            py::arg("size"));
}

}  // namespace panfuse::bindings

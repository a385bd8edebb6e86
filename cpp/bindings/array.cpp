#include "bindings/array.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "support/error.h"

namespace panfuse::bindings {
namespace {

// DLPack 1.3, the parts in use (https://dmlc.github.io/dlpack/latest/c_api.html). Layouts are ABI.
struct DLDevice {
    std::int32_t type, id;
};
struct DLDataType {
    std::uint8_t code, bits;
    std::uint16_t lanes;
};
struct DLTensor {
    void* data;
    DLDevice device;
    std::int32_t ndim;
    DLDataType dtype;
    std::int64_t* shape;
    std::int64_t* strides;  // in elements; null: C order
    std::uint64_t byte_offset;
};
struct DLManagedTensor {
    DLTensor tensor;
    void* context;
    void (*deleter)(DLManagedTensor*);
};
struct DLVersion {
    std::uint32_t major, minor;
};
struct DLManagedTensorVersioned {
    DLVersion version;
    void* context;
    void (*deleter)(DLManagedTensorVersioned*);
    std::uint64_t flags;
    DLTensor tensor;
};
struct DLExchangeApi {
    DLVersion version;
    DLExchangeApi* previous;
    void* allocate;
    void* managed_tensor_from_object;
    void* object_from_managed_tensor;
    int (*tensor_from_object)(void* object, DLTensor* out);  // borrows; -1 with a Python error set
    int (*current_stream)(std::int32_t device_type, std::int32_t device, void** out);
};

constexpr std::uint64_t flag_read_only = 1, flag_copied = 2;

enum Code : std::uint8_t {
    code_int = 0,
    code_uint = 1,
    code_float = 2,
    code_bfloat = 4,
    code_bool = 6
};

// What the door knows of any array, before it asks what the elements are.
struct Tensor {
    void* data = nullptr;
    DLDataType dtype{};
    int rank = 0;
    std::array<std::int64_t, max_rank> shape{}, strides{};  // strides in bytes
    Place place;
    std::uint64_t flags = 0;
    std::shared_ptr<void> owner;
};

// Drops a reference to a Python object; the door is used with the GIL held.
std::shared_ptr<void> hold(py::object object) {
    PyObject* raw = object.release().ptr();
    return {raw, [](void* p) {
                py::gil_scoped_acquire gil;
                Py_DECREF(static_cast<PyObject*>(p));
            }};
}

std::string shape_text(int rank, const std::array<std::int64_t, max_rank>& lengths) {
    py::tuple shape(static_cast<std::size_t>(rank));
    for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = py::int_(lengths[i]);
    return py::str(shape);
}

std::string type_name(const py::handle& object) {
    return py::str(py::type::handle_of(object).attr("__name__"));
}

[[noreturn]] void no_array(const py::handle& object, const char* argument) {
    throw TypeError(std::string(argument) +
                    ": expected an array (NumPy, torch, CuPy, JAX, or anything "
                    "with DLPack or the buffer protocol), got " +
                    type_name(object));
}

void check_rank(std::int64_t rank, const char* argument) {
    if (rank < 0 || rank > max_rank)
        throw std::invalid_argument(std::string(argument) + ": expected at most " +
                                    std::to_string(max_rank) + " axes, got " +
                                    std::to_string(rank));
}

// A producer's numbers are taken on trust only where nothing can tell that they are wrong.
void check_extent(const Tensor& tensor, const char* argument) {
    const auto fail = [&](const std::string& what) {
        throw std::invalid_argument(std::string(argument) + ": " + what);
    };
    bool empty = false;
    std::int64_t size = 1;
    for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.rank); ++i) {
        const std::int64_t length = tensor.shape[i];
        if (length < 0) fail("expected axes of length 0 or more, got " + std::to_string(length));
        empty |= length == 0;
        if (length > 0 && __builtin_mul_overflow(size, length, &size))
            fail("expected fewer than 2^63 elements");
    }
    if (!empty && tensor.data == nullptr) fail("the array has elements but no memory");
}

Tensor from_dl(const DLTensor& in, const char* argument) {
    check_rank(in.ndim, argument);
    Tensor out;
    out.data = static_cast<char*>(in.data) + (in.data == nullptr ? 0 : in.byte_offset);
    out.dtype = in.dtype;
    out.rank = in.ndim;
    out.place = {in.device.type, in.device.id};
    std::uint64_t stride = 1;  // unsigned, since lengths that overflow it are yet to be refused
    for (auto i = static_cast<std::size_t>(in.ndim); i-- > 0;) {
        const auto given =
            in.strides == nullptr ? stride : static_cast<std::uint64_t>(in.strides[i]);
        out.shape[i] = in.shape[i];
        out.strides[i] = static_cast<std::int64_t>(given * (in.dtype.bits / 8u));
        stride *= static_cast<std::uint64_t>(in.shape[i]);
    }
    return out;
}

Tensor from_numpy(const py::array& array, const char* argument) {
    check_rank(array.ndim(), argument);
    const py::dtype dtype = array.dtype();
    const char order = dtype.byteorder();
    const bool foreign = order == '>' || (order != '=' && order != '|' && order != '<');
    if (foreign)
        throw TypeError(std::string(argument) + ": expected the machine's byte order, got " +
                        std::string(py::str(dtype)) +
                        "; convert with .astype(dtype.newbyteorder('='))");
    Tensor out;
    const char kind = dtype.kind();
    out.dtype.code = kind == 'b'   ? code_bool
                     : kind == 'i' ? code_int
                     : kind == 'u' ? code_uint
                     : kind == 'f' ? code_float
                     : kind == 'V' && std::string(py::str(dtype)) == "bfloat16"
                         ? code_bfloat  // of the package ml_dtypes
                         : 255;
    out.dtype.bits = static_cast<std::uint8_t>(std::min<py::ssize_t>(dtype.itemsize() * 8, 255));
    out.dtype.lanes = 1;
    out.data = const_cast<void*>(array.data());
    out.rank = static_cast<int>(array.ndim());
    std::copy_n(array.shape(), array.ndim(), out.shape.begin());
    std::copy_n(array.strides(), array.ndim(), out.strides.begin());
    out.flags = array.writeable() ? 0 : flag_read_only;
    out.owner = hold(array);
    return out;
}

template <class Managed>
Tensor from_capsule(const py::capsule& capsule, const char* used_name, const char* argument) {
    auto* managed = capsule.get_pointer<Managed>();
    constexpr bool versioned = std::is_same_v<Managed, DLManagedTensorVersioned>;
    if constexpr (versioned) {
        if (managed->version.major != 1)
            throw TypeError(std::string(argument) + ": expected DLPack 1, got DLPack " +
                            std::to_string(managed->version.major));
    }
    Tensor out = from_dl(managed->tensor, argument);
    if constexpr (versioned) out.flags = managed->flags;
    if (PyCapsule_SetName(capsule.ptr(), used_name) != 0) throw py::error_already_set();
    out.owner = {managed, [](Managed* tensor) {
                     if (tensor->deleter == nullptr) return;
                     py::gil_scoped_acquire gil;
                     tensor->deleter(tensor);
                 }};
    return out;
}

// Producers from before DLPack 1.0 do not know `max_version`.
py::object call_dlpack(const py::object& array, const py::object& stream) {
    try {
        return array.attr("__dlpack__")(py::arg("stream") = stream,
                                        py::arg("max_version") = py::make_tuple(1, 0));
    } catch (py::error_already_set& error) {
        if (!error.matches(PyExc_TypeError)) throw;
    }
    return array.attr("__dlpack__")(py::arg("stream") = stream);
}

Tensor from_dlpack(const py::object& array, const py::object& stream, const char* argument) {
    const py::object result = call_dlpack(array, stream);
    if (PyCapsule_IsValid(result.ptr(), "dltensor_versioned") != 0)
        return from_capsule<DLManagedTensorVersioned>(py::reinterpret_borrow<py::capsule>(result),
                                                      "used_dltensor_versioned", argument);
    if (PyCapsule_IsValid(result.ptr(), "dltensor") != 0)
        return from_capsule<DLManagedTensor>(py::reinterpret_borrow<py::capsule>(result),
                                             "used_dltensor", argument);
    throw TypeError(std::string(argument) + ": " + type_name(array) +
                    ".__dlpack__ returned no DLPack capsule");
}

const DLExchangeApi* exchange_api(const py::object& array) {
    const py::object capsule =
        py::getattr(py::type::handle_of(array), "__dlpack_c_exchange_api__", py::none());
    if (PyCapsule_IsValid(capsule.ptr(), "dlpack_exchange_api") == 0) return nullptr;
    const auto* api = static_cast<const DLExchangeApi*>(
        PyCapsule_GetPointer(capsule.ptr(), "dlpack_exchange_api"));
    return api->version.major == 1 && api->tensor_from_object != nullptr ? api : nullptr;
}

Tensor from_exchange_api(const DLExchangeApi& api, const py::object& array, const char* argument) {
    DLTensor tensor{};
    if (api.tensor_from_object(array.ptr(), &tensor) != 0) {
        py::error_already_set error;
        if (!error.matches(PyExc_RuntimeError)) throw error;
        const std::string message =
            std::string(argument) + ": " + type_name(array) + " lends DLPack no view of its memory";
        py::raise_from(error, PyExc_TypeError, message.c_str());
        throw py::error_already_set();
    }
    Tensor out = from_dl(tensor, argument);
    out.owner = hold(array);
    return out;
}

// The exchange API orders nothing: it will do where the array's library works on the caller's
// stream.
bool on_callers_stream(const DLExchangeApi& api, const Caller& caller) {
    if (caller.place().kind == Place::cpu) return true;
    if (api.current_stream == nullptr) return false;
    void* stream = nullptr;
    if (api.current_stream(Place::cuda, caller.place().id, &stream) != 0)
        throw py::error_already_set();
    return reinterpret_cast<std::uintptr_t>(stream) == caller.stream();
}

Tensor open(const py::object& array, const Caller& caller, const char* argument) {
    if (py::isinstance<py::array>(array))
        return from_numpy(py::reinterpret_borrow<py::array>(array), argument);
    const DLExchangeApi* api = exchange_api(array);
    if (api != nullptr && on_callers_stream(*api, caller))
        return from_exchange_api(*api, array, argument);
    if (py::hasattr(array, "__dlpack__")) {
        // DLPack spells CUDA's legacy default stream 1, and leaves 0 without a meaning.
        const py::object stream = caller.place().kind == Place::cpu
                                      ? py::object(py::none())
                                      : py::int_(std::max<std::uintptr_t>(caller.stream(), 1));
        return from_dlpack(array, stream, argument);
    }
    no_array(array, argument);
}

std::string text(DLDataType dtype) {
    static constexpr const char* names[] = {"int",    "uint",    "float", "opaque",
                                            "bfloat", "complex", "bool"};
    return (dtype.code < 7 ? names[dtype.code] : "type") + std::to_string(dtype.bits);
}

// In the order of Accept.
constexpr const char* accepted[] = {
    "integers or bool", "integers, floats or bool", "float32, float16 or bfloat16",
    "integers, bool, float32, float16 or bfloat16", "integers, floats or bool"};

Dtype dtype_of(const Tensor& tensor, const py::object& array, const char* argument, Accept accept) {
    const auto [code, bits, lanes] = tensor.dtype;
    const bool network = accept == Accept::floats || accept == Accept::labels_or_floats;
    const bool is_ieee =
        code == code_float && bits >= 16 &&
        (accept == Accept::numbers || accept == Accept::reals || (network && bits <= 32));
    const bool is_brain = code == code_bfloat && bits == 16 && (network || accept == Accept::reals);
    const bool is_integer = accept != Accept::floats && (code == code_int || code == code_uint ||
                                                         (code == code_bool && bits == 8));
    const bool width = bits == 8 || bits == 16 || bits == 32 || bits == 64;
    if (!width || lanes != 1 || !(is_ieee || is_brain || is_integer)) {
        const std::string got = py::hasattr(array, "dtype")
                                    ? std::string(py::str(array.attr("dtype")))
                                    : text(tensor.dtype);
        throw TypeError(std::string(argument) + ": expected " +
                        accepted[static_cast<std::size_t>(accept)] + ", got " + got);
    }
    return {is_ieee             ? Dtype::Kind::floating
            : is_brain          ? Dtype::Kind::brain_floating
            : code == code_bool ? Dtype::Kind::boolean
            : code == code_int  ? Dtype::Kind::signed_integer
                                : Dtype::Kind::unsigned_integer,
            static_cast<std::uint8_t>(bits / 8)};
}

Code code_of(Dtype dtype) {
    switch (dtype.kind) {
        case Dtype::Kind::boolean: return code_bool;
        case Dtype::Kind::signed_integer: return code_int;
        case Dtype::Kind::floating: return code_float;
        case Dtype::Kind::brain_floating: return code_bfloat;
        default: return code_uint;
    }
}

// Whether `n` elements can be written through the tensor, side by side.
bool is_column(const Tensor& tensor, std::int64_t n, Dtype dtype) {
    return tensor.dtype.code == code_of(dtype) && tensor.dtype.bits == 8 * dtype.bytes &&
           tensor.dtype.lanes == 1 && tensor.rank == 1 && tensor.shape[0] == n &&
           (n < 2 || tensor.strides[0] == dtype.bytes) && (n == 0 || tensor.data != nullptr) &&
           (tensor.flags & (flag_read_only | flag_copied)) == 0;
}

// By type number, since looking a name up costs NumPy a microsecond.
py::dtype numpy_dtype(Dtype dtype) {
    if (dtype.kind == Dtype::Kind::boolean) return py::dtype::of<bool>();
    if (dtype.kind == Dtype::Kind::floating)
        return dtype.bytes == 8   ? py::dtype::of<double>()
               : dtype.bytes == 4 ? py::dtype::of<float>()
                                  : py::dtype("float16");
    const bool is_signed = dtype.kind == Dtype::Kind::signed_integer;
    switch (dtype.bytes) {
        case 1: return is_signed ? py::dtype::of<std::int8_t>() : py::dtype::of<std::uint8_t>();
        case 2: return is_signed ? py::dtype::of<std::int16_t>() : py::dtype::of<std::uint16_t>();
        case 4: return is_signed ? py::dtype::of<std::int32_t>() : py::dtype::of<std::uint32_t>();
        default: return is_signed ? py::dtype::of<std::int64_t>() : py::dtype::of<std::uint64_t>();
    }
}

void check_place(const Tensor& tensor, Place place, const char* argument) {
    if (tensor.place.memory() != place.memory())
        throw std::invalid_argument(std::string(argument) + ": expected an array on " +
                                    place.text() + ", got one on " + tensor.place.text());
}

Array array_of(const Tensor& tensor, Dtype dtype) {
    Array out;
    out.view = {tensor.data, dtype, tensor.rank, tensor.shape, tensor.strides};
    out.place = tensor.place;
    out.owner = tensor.owner;
    return out;
}

}  // namespace

std::string Place::text() const {
    switch (kind) {
        case cpu: return "the CPU";
        case cuda: return "CUDA device " + std::to_string(id);
        case cuda_host: return "CUDA host memory";
        case cuda_managed: return "CUDA managed memory";
        default: return "DLPack device (" + std::to_string(kind) + ", " + std::to_string(id) + ")";
    }
}

Place Place::memory() const {
    switch (kind) {
        case cpu:
        case cuda_host: return {};
        case cuda_managed: return {cuda, id};
        default: return *this;
    }
}

std::string dtype_name(Dtype dtype) {
    if (dtype.kind == Dtype::Kind::boolean) return "bool";
    const std::string bits = std::to_string(8 * dtype.bytes);
    if (dtype.kind == Dtype::Kind::floating) return "float" + bits;
    if (dtype.kind == Dtype::Kind::brain_floating) return "bfloat" + bits;
    return (dtype.kind == Dtype::Kind::signed_integer ? "int" : "uint") + bits;
}

Caller::Caller(py::object library) : library_(std::move(library)) {
    if (library_.is_none()) return;
    const auto place = library_.attr("place").cast<std::pair<int, int>>();
    place_ = {place.first, place.second};
    stream_ = library_.attr("stream").cast<std::uintptr_t>();
    must_wait_ = library_.attr("must_wait").cast<bool>();
}

Array Caller::take(const py::object& array, const char* argument, Accept accept) const {
    const Tensor tensor = open(array, *this, argument);
    const Dtype dtype = dtype_of(tensor, array, argument, accept);
    check_extent(tensor, argument);
    check_place(tensor, place_, argument);
    return array_of(tensor, dtype);
}

Array Caller::take_output(const py::object& array, const char* argument, const ArrayView& like,
                          Accept accept) const {
    const Tensor tensor = open(array, *this, argument);
    const Dtype dtype = dtype_of(tensor, array, argument, accept);
    check_extent(tensor, argument);
    check_place(tensor, place_, argument);
    const auto fail = [&](const std::string& what) {
        throw std::invalid_argument(std::string(argument) + ": " + what);
    };
    if (tensor.rank != like.rank || tensor.shape != like.shape)
        fail("expected the shape " + shape_text(like.rank, like.shape) + ", got " +
             shape_text(tensor.rank, tensor.shape));
    if ((tensor.flags & (flag_read_only | flag_copied)) != 0) fail("the array is read-only");
    std::int64_t stride = dtype.bytes;
    bool in_order = reinterpret_cast<std::uintptr_t>(tensor.data) % dtype.bytes == 0;
    for (auto i = static_cast<std::size_t>(tensor.rank); i-- > 0;) {
        in_order = in_order && (tensor.shape[i] < 2 || tensor.strides[i] == stride);
        stride *= tensor.shape[i];
    }
    if (!in_order && like.size() > 0) fail("expected a contiguous array in C order");
    return array_of(tensor, dtype);
}

Array Caller::take_column(const py::object& array, const char* argument) const {
    Array column = take(array, argument);
    const ArrayView& view = column.view;
    const bool aligned = reinterpret_cast<std::uintptr_t>(view.data) % view.dtype.bytes == 0;
    if (view.rank != 1 || !aligned || (view.shape[0] > 1 && view.strides[0] != view.dtype.bytes))
        throw std::invalid_argument(std::string(argument) +
                                    ": expected a contiguous array with one axis");
    return column;
}

Column Caller::column(std::int64_t n, Dtype dtype) const {
    if (library_.is_none()) {
        py::array array(numpy_dtype(dtype), std::vector<py::ssize_t>{n});
        void* data = array.mutable_data();
        return {std::move(array), data};
    }
    py::object array = library_.attr("empty")(n, dtype_name(dtype));
    const Tensor tensor = open(array, *this, "the library's new array");
    if (!is_column(tensor, n, dtype) || tensor.place.memory() != place_.memory())
        throw std::runtime_error("the arrays' library was asked for " + std::to_string(n) +
                                 " writable elements of " + dtype_name(dtype) + " on " +
                                 place_.text() + ", and made something else");
    return {std::move(array), tensor.data};
}

}  // namespace panfuse::bindings

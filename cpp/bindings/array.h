// The door: arrays of any library come in as views, results go out as arrays of the caller's
// library. The only place that knows DLPack and its exchange API. (Older device arrays, which have
// only __cuda_array_interface__, come as views that python/panfuse/_arrays.py makes of them.)
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/image.h"

namespace panfuse::bindings {

namespace py = pybind11;

// DLPack's numbers.
struct Place {
    enum Kind : int { cpu = 1, cuda = 2, cuda_host = 3, cuda_managed = 13 };
    int kind = cpu;
    int id = 0;

    bool operator==(const Place&) const = default;
    // Whose kernels reach it: CUDA's host memory is the CPU's, managed memory its device's, and the
    // CPU has no index.
    Place memory() const;

    std::string text() const;
};

// An array that somebody else owns, held for as long as this object lives.
struct Array {
    ArrayView view;
    Place place;
    std::shared_ptr<void> owner;
};

// A new one-dimensional array of the caller's library and where to write its elements.
struct Column {
    py::object array;
    void* data = nullptr;

    template <class T>
    T* as() const {
        return static_cast<T*>(data);
    }
};

std::string dtype_name(Dtype dtype);

inline constexpr Dtype float64{Dtype::Kind::floating, 8};
inline constexpr Dtype float32{Dtype::Kind::floating, 4};
inline constexpr Dtype int64{Dtype::Kind::signed_integer, 8};
inline constexpr Dtype int32{Dtype::Kind::signed_integer, 4};
inline constexpr Dtype uint8{Dtype::Kind::unsigned_integer, 1};
inline constexpr Dtype boolean{Dtype::Kind::boolean, 1};

// What the elements of an argument may be: integers or bool; those or IEEE floats; the floats that
// networks put out (float32, float16, bfloat16); those, integers or bool; or all of them.
enum class Accept { integers, numbers, floats, labels_or_floats, reals };

// Whoever called: which library its arrays come from, on which device and stream.
//
// `library` is an object of python/panfuse/_arrays.py, with the attributes `stream` (int, 0 where
// there is none), `place` (DLPack's pair), `must_wait` (whether results must be complete when the
// call returns) and the method `empty(n, dtype_name)`; or None for NumPy.
class Caller {
  public:
    explicit Caller(py::object library);

    Place place() const { return place_; }
    std::uintptr_t stream() const { return stream_; }
    bool must_wait() const { return must_wait_; }

    // Takes an array in. TypeError names the argument if it is no array of elements that are
    // accepted, in the machine's byte order; ValueError if it lies
    // elsewhere than the caller's other arrays.
    Array take(const py::object& array, const char* argument,
               Accept accept = Accept::integers) const;

    // Takes an array that is to be written: of the shape of `like`, in C order.
    Array take_output(const py::object& array, const char* argument, const ArrayView& like,
                      Accept accept = Accept::integers) const;

    // The same for an array that must have one axis and lie contiguous.
    Array take_column(const py::object& array, const char* argument) const;

    // A new array of `n` elements.
    Column column(std::int64_t n, Dtype dtype) const;

    // Bytes on the caller's device, aligned to 256, that live as long as this object. Needs the
    // GIL.
    void* scratch(std::size_t bytes);

    // Lets `scratch` take from an array of the caller's, of uint8, instead of making new ones; None
    // lets it be. Then ValueError says how many bytes were needed at least.
    void lend(const py::object& workspace);

  private:
    py::object library_;
    Place place_;
    std::uintptr_t stream_ = 0;
    bool must_wait_ = false;
    std::vector<Column> scratch_;
    std::optional<Array> lent_;
    std::size_t lent_used_ = 0;
};

}  // namespace panfuse::bindings

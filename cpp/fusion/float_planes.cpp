#include "fusion/float_planes.h"

#include <cstring>

#include "support/narrow_floats.h"
#include "support/width.h"

namespace panfuse::fusion {
namespace {

template <class T, class Convert>
void copy_row(const std::byte* from, std::int64_t stride, std::size_t n, float* to,
              Convert&& convert) {
    for (std::size_t i = 0; i < n; ++i, from += stride) {
        T bits;
        std::memcpy(&bits, from, sizeof(T));
        to[i] = convert(bits);
    }
}

}  // namespace

FloatPlanes::FloatPlanes(const ArrayView& planes)
    : view_(planes),
      direct_(planes.dtype == Dtype{Dtype::Kind::floating, 4} &&
              reinterpret_cast<std::uintptr_t>(planes.data) % 4 == 0 &&
              planes.strides[0] % 4 == 0 && planes.strides[1] % 4 == 0 &&
              (planes.shape[2] < 2 || planes.strides[2] == 4)) {}

const float* FloatPlanes::read(std::size_t plane, std::int64_t y, std::int64_t x, std::size_t n,
                               float* copy) const {
    const std::byte* const from = static_cast<const std::byte*>(view_.data) +
                                  static_cast<std::int64_t>(plane) * view_.strides[0] +
                                  y * view_.strides[1] + x * view_.strides[2];
    const std::int64_t stride = view_.strides[2];
    if (direct_) return reinterpret_cast<const float*>(from);
    if (view_.dtype.kind == Dtype::Kind::brain_floating)
        copy_row<std::uint16_t>(from, stride, n, copy, from_bfloat);
    else if (view_.dtype.kind != Dtype::Kind::floating)
        with_width(view_.dtype.bytes, [&](auto zero) {
            using T = decltype(zero);
            copy_row<T>(from, stride, n, copy, [](T value) { return value != 0 ? 1.0f : 0.0f; });
        });
    else if (view_.dtype.bytes == 2)
        copy_row<std::uint16_t>(from, stride, n, copy, from_half);
    else
        copy_row<float>(from, stride, n, copy, [](float value) { return value; });
    return copy;
}

}  // namespace panfuse::fusion

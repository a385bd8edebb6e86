#include "labeling/pixels.h"

#include <algorithm>
#include <cstring>

#include "labeling/codes.h"
#include "runs/scanner.h"
#include "support/width.h"

namespace panfuse::labeling {
namespace {

template <class T>
void copy_floats(const std::byte* from, std::int64_t stride, std::int64_t n, T background, T* to) {
    for (std::int64_t i = 0; i < n; ++i) {
        T bits;
        std::memcpy(&bits, from + i * stride, sizeof(T));
        const T code = float_code(bits);
        to[i] = code == background ? nan_code<T>() : code;
    }
}

void copy_bools(const std::byte* from, std::int64_t stride, std::int64_t n, std::byte* to) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = std::byte{from[i * stride] != std::byte{0}};
}

template <class T>
void copy_strided(const std::byte* from, std::int64_t stride, std::int64_t n, T* to) {
    for (std::int64_t i = 0; i < n; ++i) std::memcpy(to + i, from + i * stride, sizeof(T));
}

}  // namespace

Shape shape_of(const ArrayView& image) {
    Shape shape;
    const auto rank = static_cast<std::size_t>(image.rank);
    if (rank > 0) shape.width = image.shape[rank - 1];
    if (rank > 1) shape.height = image.shape[rank - 2];
    if (rank > 2) shape.planes = image.shape[rank - 3];
    return shape;
}

Pixels::Pixels(const ArrayView& image, const Meaning& meaning)
    : image_(image),
      shape_(shape_of(image)),
      kernels_(kernels()),
      width_index_(runs::width_index(image.dtype.bytes)),
      binary_(meaning.binary) {
    const auto rank = static_cast<std::size_t>(image.rank);
    const std::int64_t bytes = image.dtype.bytes;
    stride_ = shape_.width > 1 ? image.strides[rank - 1] : bytes;
    if (rank > 1) row_stride_ = image.strides[rank - 2];
    if (rank > 2) plane_stride_ = image.strides[rank - 3];

    const bool is_float = image.dtype.kind == Dtype::Kind::floating;
    bool is_bool = image.dtype.kind == Dtype::Kind::boolean;
    has_background_ = meaning.background.has_value() || is_float;
    background_code_ = meaning.background.value_or(0);
    if (is_bool && has_background_ && background_code_ == 0) {
        binary_ = true;  // whatever the nonzero bytes are
        is_bool = false;
    }
    const auto unaligned = [&](std::int64_t distance) { return distance % bytes != 0; };
    direct_ = !is_float && !is_bool && stride_ == bytes && !unaligned(row_stride_) &&
              !unaligned(plane_stride_) &&
              reinterpret_cast<std::uintptr_t>(image.data) % image.dtype.bytes == 0;
    with_width(image.dtype.bytes, [&](auto zero) {
        using T = decltype(zero);
        T code = static_cast<T>(background_code_);
        if (is_float) {
            background_code_ = meaning.background ? float_code(code) : nan_code<T>();
            code = nan_code<T>();
        }
        for (std::size_t i = 0; i < 64; ++i)
            std::memcpy(background_pixels_.data() + i * sizeof(T), &code, sizeof(T));
    });
    if (!direct_) {
        const std::int64_t kept = binary_             ? 1
                                  : shape_.planes > 1 ? std::min(shape_.height + 2, shape_.rows())
                                                      : 2;
        copied_.assign(static_cast<std::size_t>(kept), -1);
        copies_.resize(static_cast<std::size_t>(kept * shape_.width * bytes));
    }
}

const std::byte* Pixels::address(std::int64_t row) const {
    const std::int64_t z = shape_.planes > 1 ? row / shape_.height : 0;
    return static_cast<const std::byte*>(image_.data) + z * plane_stride_ +
           (row - z * shape_.height) * row_stride_;
}

const void* Pixels::codes(std::int64_t row) {
    if (direct_) return address(row);
    const auto slot = static_cast<std::size_t>(row) % copied_.size();
    std::byte* const copy =
        copies_.data() + slot * static_cast<std::size_t>(shape_.width) * image_.dtype.bytes;
    if (copied_[slot] == row) return copy;
    copied_[slot] = row;
    with_width(image_.dtype.bytes, [&](auto zero) {
        using T = decltype(zero);
        const std::byte* const from = address(row);
        T* const to = reinterpret_cast<T*>(copy);
        if (image_.dtype.kind == Dtype::Kind::floating)
            copy_floats(from, stride_, shape_.width, static_cast<T>(background_code_), to);
        else if (image_.dtype.kind == Dtype::Kind::boolean)
            copy_bools(from, stride_, shape_.width, copy);
        else
            copy_strided(from, stride_, shape_.width, to);
    });
    return copy;
}

std::size_t Pixels::scan(std::int64_t row, std::uint64_t* starts, std::uint64_t* inside,
                         std::uint64_t* same) {
    const void* const background = has_background_ ? background_pixels_.data() : nullptr;
    const auto width = static_cast<std::size_t>(shape_.width);
    if (!binary_ && same != nullptr) {
        const void* const above = codes(row - 1);
        return kernels_.scan_below[width_index_](codes(row), above, width, background, starts,
                                                 inside, same);
    }
    const auto scan = binary_ ? kernels_.scan_binary[width_index_] : kernels_.scan[width_index_];
    return scan(codes(row), width, background, starts, inside);
}

const void* Pixels::pixels(std::int64_t row) { return binary_ ? nullptr : codes(row); }

Kernels::Touch Pixels::touch() const {
    return binary_ ? kernels_.touch_binary : kernels_.touch[width_index_];
}

}  // namespace panfuse::labeling

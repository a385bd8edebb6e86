// The images of a batch on a device, as kernels read them: codes (see labeling/codes.h) that are
// equal just where pixels may belong to one component.
#pragma once

#include <cstddef>
#include <cstdint>

#include "labeling/columns.h"
#include "labeling/rule.h"
#include "support/image.h"

namespace panfuse::cuda {

// A pixel's index in its image; `no_pixel` is none.
using Pixel = std::uint32_t;

inline constexpr Pixel no_pixel = 0xffffffffu;

// The top bit tells labels from pixels (see forest.h), and tiles may reach past an image.
inline constexpr std::int64_t most_pixels = 0x7fffff00;

struct Pictures {
    // What pixels are told apart by: their values, or one bit that is set in the foreground, in the
    // background, or where a float is above 0, or is not (and no NaN).
    enum class Meaning : std::uint8_t { values, foreground, background, positive, not_positive };

    const std::byte* data;
    std::int64_t items;
    labeling::Shape shape;                                       // of one image
    std::int64_t item_stride, plane_stride, row_stride, stride;  // bytes
    Dtype dtype;
    bool aligned;  // each element to its own size
    Meaning meaning;
    bool has_background;
    std::uint64_t background;  // the value's code

    bool empty() const { return items == 0 || shape.pixels() == 0; }
};

// Throws std::invalid_argument for what has no meaning (as on the CPU), and std::length_error for
// images of more than `most_pixels`.
Pictures pictures_of(const ArrayView& images, const labeling::LabelOptions& options);

// Images that lie one after the other in C order.
Pictures contiguous_pictures(const void* data, Dtype dtype, std::int64_t items,
                             const labeling::Shape& shape, Pictures::Meaning meaning);

}  // namespace panfuse::cuda

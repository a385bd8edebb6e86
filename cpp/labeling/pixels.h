// An array of any element type and strides as rows of codes: unsigned numbers of the element's
// width that are equal just where the values are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "labeling/source.h"
#include "support/image.h"
#include "support/uninitialized.h"

namespace panfuse::labeling {

// What the values of an image mean.
struct Meaning {
    std::optional<std::uint64_t> background;  // the bytes of that value; none: all is foreground
    bool binary = false;                      // all foreground is equal
};

// The planes, rows and columns of an array of rank 1 to 3.
Shape shape_of(const ArrayView& image);

class Pixels final : public Source {
  public:
    // The image must outlive the object.
    Pixels(const ArrayView& image, const Meaning& meaning);

    std::size_t scan(std::int64_t row, std::uint64_t* starts, std::uint64_t* inside,
                     std::uint64_t* same) override;
    bool is_binary() const override { return binary_; }
    const void* pixels(std::int64_t row) override;
    Kernels::Touch touch() const override;

  private:
    const std::byte* address(std::int64_t row) const;
    const void* codes(std::int64_t row);

    ArrayView image_;
    Shape shape_;
    std::int64_t plane_stride_ = 0, row_stride_ = 0, stride_ = 0;  // in bytes
    const Kernels& kernels_;
    std::size_t width_index_;
    bool binary_, direct_ = false;
    std::uint64_t background_code_ = 0;
    bool has_background_ = false;
    alignas(64) std::array<std::byte, 64 * 8> background_pixels_;
    // Rows that had to be copied: enough of them for every neighbour of the latest.
    UninitializedVector<std::byte> copies_;
    std::vector<std::int64_t> copied_;
};

}  // namespace panfuse::labeling

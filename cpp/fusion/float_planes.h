// Planes of numbers, of any strides and dtype, read as rows of float32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/image.h"

namespace panfuse::fusion {

class FloatPlanes {
  public:
    // `planes` has the axes (plane, row, column). Integers and bools are 1 where they are not 0.
    explicit FloatPlanes(const ArrayView& planes);

    std::size_t count() const { return static_cast<std::size_t>(view_.shape[0]); }
    std::int64_t height() const { return view_.shape[1]; }
    std::int64_t width() const { return view_.shape[2]; }

    // `n` values of a row from column x on: where they lie, or in `copy`.
    const float* read(std::size_t plane, std::int64_t y, std::int64_t x, std::size_t n,
                      float* copy) const;

  private:
    ArrayView view_;
    bool direct_;  // rows lie as aligned floats side by side
};

}  // namespace panfuse::fusion

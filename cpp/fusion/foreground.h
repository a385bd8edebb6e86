// Rows of a mask, as bits of the codes of classes.
#pragma once

#include <cstdint>

#include "fusion/cells.h"
#include "fusion/row_runs.h"
#include "labeling/pixels.h"
#include "support/image.h"
#include "support/width.h"

namespace panfuse::fusion {

// One thread's reader; the mask has rank 1 to 3, and what is not 0 is foreground.
class ForegroundRows {
  public:
    explicit ForegroundRows(const ArrayView& mask)
        : mask_(mask),
          pixels_(mask, labeling::Meaning{}),
          width_(static_cast<std::size_t>(labeling::shape_of(mask).width)) {}

    // Sets the foreground's bit of the codes of a row, of the rows of all planes.
    void mark(std::int64_t row, std::uint16_t* codes) {
        const void* const pixels = pixels_.pixels(row);
        with_width(mask_.dtype.bytes, [&](auto zero) {
            const auto* const from = static_cast<const decltype(zero)*>(pixels);
            for (std::size_t x = 0; x < width_; ++x)
                codes[x] =
                    static_cast<std::uint16_t>(codes[x] | (from[x] != 0 ? foreground_bit : 0));
        });
    }

  private:
    ArrayView mask_;
    labeling::Pixels pixels_;
    std::size_t width_;
};

}  // namespace panfuse::fusion

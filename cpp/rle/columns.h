// The bits of an image's columns, made from the bits of its rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rle/masks.h"
#include "runs/scanner.h"
#include "support/uninitialized.h"

namespace panfuse::rle {

using Bits = std::uint64_t;

// One bit for each pixel, row by row in whole words.
class BitRows {
  public:
    explicit BitRows(Size size)
        : height_(static_cast<std::size_t>(size.height)),
          row_words_(runs::words(static_cast<std::size_t>(size.width))),
          bits_(height_ * row_words_) {}

    Bits* row(std::size_t y) { return bits_.data() + y * row_words_; }
    std::size_t stripes() const { return row_words_; }

    // The words of a column.
    std::size_t column_words() const { return runs::words(height_); }

    // Writes the 64 columns of a stripe, one after another, each of `column_words` words.
    void columns(std::size_t stripe, Bits* out) const;

  private:
    std::size_t height_, row_words_;
    UninitializedVector<Bits> bits_;
};

}  // namespace panfuse::rle

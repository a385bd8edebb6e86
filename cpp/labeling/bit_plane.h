// A mask as rows of bits, 64 pixels a word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "labeling/rule.h"
#include "runs/scanner.h"

namespace panfuse::labeling {

// Bits past the end of a row are 0.
class BitPlane {
  public:
    // Makes room for a mask of one plane; what the words hold is left over from before.
    void resize(const Shape& shape) {
        shape_ = shape;
        words_ = runs::words(static_cast<std::size_t>(shape.width));
        bits_.resize(words_ * static_cast<std::size_t>(shape.height));
    }

    const Shape& shape() const { return shape_; }
    std::size_t words() const { return words_; }  // of a row
    std::uint64_t* row(std::int64_t y) {
        return bits_.data() + static_cast<std::size_t>(y) * words_;
    }
    const std::uint64_t* row(std::int64_t y) const {
        return bits_.data() + static_cast<std::size_t>(y) * words_;
    }

    void complement();

    // Sets the pixels [begin, end) of row y.
    void set(std::int64_t y, std::uint32_t begin, std::uint32_t end);

  private:
    Shape shape_;
    std::size_t words_ = 0;
    std::vector<std::uint64_t> bits_;
};

// Bits of the last of a row's words that are pixels.
inline std::uint64_t last_word(std::int64_t width) {
    return ~std::uint64_t{0} >> (static_cast<std::uint64_t>(-width) % runs::word_pixels);
}

}  // namespace panfuse::labeling

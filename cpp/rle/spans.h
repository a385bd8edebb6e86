// A mask column by column: what ops on runs start from. Memory is that of runs and columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rle/masks.h"

namespace panfuse::rle {

// Rows [begin, end) of a column.
struct Span {
    std::uint32_t begin = 0, end = 0;

    bool operator==(const Span&) const = default;
};

// Memory for columns (of the transposed mask, for rows) stays below some 400 MB.
inline constexpr std::int64_t longest_side_of_columns = 1 << 24;

// The foreground of a mask as spans, ascending and apart from each other in each column. Its memory
// is kept from one mask to the next.
class Columns {
  public:
    // The counts must be sound; runs of no length are passed over. std::invalid_argument if a side
    // is longer than that.
    void fill(Runs counts, Size size);

    const Size& size() const { return size_; }
    std::span<const Span> operator[](std::int64_t x) const {
        const auto column = static_cast<std::size_t>(x);
        return {spans_.data() + starts_[column], starts_[column + 1] - starts_[column]};
    }
    // All of them, and the number of the first one of a column.
    std::span<const Span> all() const { return spans_; }
    std::size_t start(std::int64_t x) const { return starts_[static_cast<std::size_t>(x)]; }

  private:
    Size size_{};
    std::vector<Span> spans_;
    std::vector<std::size_t> starts_;  // one more than there are columns
};

// Where a column begins in column-major order.
inline std::uint32_t first_of(std::int64_t x, Size size) {
    return static_cast<std::uint32_t>(x * size.height);
}

inline std::uint32_t pixels_of(Size size) { return static_cast<std::uint32_t>(size.pixels()); }

}  // namespace panfuse::rle

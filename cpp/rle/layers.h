// A mask as layers: the first run of each column of its box, the second of each, and so on. Where
// two masks have few layers, what they share is a sum over columns, of which a vector takes many at
// a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rle/masks.h"
#include "support/uninitialized.h"

namespace panfuse::rle {

// Of many masks of one size. Memory is proportional to their runs.
class Layers {
  public:
    using Row = std::int16_t;  // taller masks have no layers

    explicit Layers(const Masks& masks);

    // How many a mask has; 0: none were made, since they would be much more than its runs.
    std::size_t count(std::size_t mask) const { return counts_[mask]; }
    const Box& box(std::size_t mask) const { return boxes_[mask]; }

    // For each column of the box, from `left` on, the row where the run begins, and where it ends.
    const Row* begins(std::size_t mask, std::size_t layer, std::int32_t left) const {
        const std::size_t width = static_cast<std::size_t>(boxes_[mask].width);
        return rows_.data() + starts_[mask] + 2 * layer * width + (left - boxes_[mask].x);
    }
    const Row* ends(std::size_t mask, std::size_t layer, std::int32_t left) const {
        return begins(mask, layer, left) + boxes_[mask].width;
    }

  private:
    std::size_t split(Runs counts, const Box& box, std::uint32_t height);

    std::vector<Box> boxes_;
    std::vector<std::size_t> counts_, starts_;
    UninitializedVector<Row> rows_;
};

// Pixels of foreground in mask i of `a` and mask j of `b`, which have layers, in the columns from
// `left` to `right`.
std::int64_t shared_pixels(const Layers& a, std::size_t i, const Layers& b, std::size_t j,
                           std::int32_t left, std::int32_t right);

}  // namespace panfuse::rle

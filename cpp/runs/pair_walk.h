// Two arrays of one shape, read together as stretches of contiguous pixels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "support/image.h"

namespace panfuse::runs {

// Pixels of a stretch: two maps of 4-byte ids and the run starts stay in a 32 KB first-level cache.
inline constexpr std::size_t stretch_pixels = 2048;

// What is counted does not depend on the order of the pixels, so axes are taken in the order that
// suits the first array's memory, reversed where it runs backwards, and merged where both arrays
// allow. Whatever then has no contiguous, aligned rows of a useful length is copied to a buffer,
// stretch by stretch.
class PairWalk {
  public:
    // `a` and `b` have one shape.
    PairWalk(const ArrayView& a, const ArrayView& b);

    std::int64_t size() const { return size_; }

    // Calls visit(const void* a, const void* b, std::size_t n), 0 < n <= stretch_pixels, for the
    // elements [begin, end) of the walk. `a` and `b` point to the arrays' elements with all indices
    // zero (they may be others than those given to the constructor, of the same shape and strides).
    template <class Visit>
    void visit(const void* a, const void* b, std::int64_t begin, std::int64_t end,
               Visit&& visit) const;

  private:
    struct Axis {
        std::int64_t length, a, b;  // a, b: strides in bytes
    };
    // Where a walk stands: the index on each axis, and the offsets in bytes it amounts to.
    struct Position {
        std::vector<std::int64_t> index;
        std::int64_t a, b;
    };

    Position position(std::int64_t element) const;
    void next_row(Position& at) const;
    std::size_t gather(Position& at, const char* a, const char* b, std::int64_t remaining,
                       std::byte* a_out, std::byte* b_out) const;

    std::vector<Axis> axes_;  // outermost first; at least one
    std::int64_t a_origin_ = 0, b_origin_ = 0;
    std::int64_t size_ = 0;
    std::size_t a_bytes_, b_bytes_;
    bool direct_ = false;  // rows are contiguous in both arrays
};

template <class Visit>
void PairWalk::visit(const void* a, const void* b, std::int64_t begin, std::int64_t end,
                     Visit&& visit) const {
    const auto* a_bytes = static_cast<const char*>(a) + a_origin_;
    const auto* b_bytes = static_cast<const char*>(b) + b_origin_;
    Position at = position(begin);
    std::int64_t remaining = end - begin;
    if (direct_) {
        const std::int64_t row = axes_.back().length;
        while (remaining > 0) {
            std::int64_t& x = at.index.back();
            const std::int64_t n =
                std::min({remaining, row - x, static_cast<std::int64_t>(stretch_pixels)});
            visit(a_bytes + at.a, b_bytes + at.b, static_cast<std::size_t>(n));
            remaining -= n;
            x += n;
            at.a += n * axes_.back().a;
            at.b += n * axes_.back().b;
            if (x == row) next_row(at);
        }
        return;
    }
    alignas(64) std::byte a_row[stretch_pixels * 8];
    alignas(64) std::byte b_row[stretch_pixels * 8];
    while (remaining > 0) {
        const std::size_t n = gather(at, a_bytes, b_bytes, remaining, a_row, b_row);
        visit(static_cast<const void*>(a_row), static_cast<const void*>(b_row), n);
        remaining -= static_cast<std::int64_t>(n);
    }
}

}  // namespace panfuse::runs

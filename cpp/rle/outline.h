// Polygons along the edges of a mask's pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "rle/masks.h"
#include "rle/spans.h"

namespace panfuse::rle {

struct Corner {
    std::int64_t x, y;
    bool fixed;  // an end of a bridge to a hole

    bool operator==(const Corner& other) const { return x == other.x && y == other.y; }
};

using Ring = std::vector<Corner>;

// One polygon for each component through faces, in column-major order of first pixels. A hole is
// joined to what lies above its leftmost column by a vertical bridge that is walked twice; islands
// in holes are components of their own. Filled by COCO's rule each polygon gives the very pixels
// of its component: vertical edges flip nothing there, and horizontal ones at whole coordinates
// what lies below them.
class Outlines {
  public:
    void find(const Columns& mask);

    // Calls visit(ring) for each polygon; the first corner is not repeated as the last.
    template <class Visit>
    void visit(Visit&& visit) {
        for (const std::size_t edge : outer_) {
            trace(edge);
            visit(ring_);
        }
    }

  private:
    // Edge 2 * n is the upper edge of span n, and 2 * n + 1 the lower one; end 2 * e is the left
    // end of edge e, and 2 * e + 1 the right one.
    std::uint32_t row(std::size_t edge) const;
    Corner corner(std::size_t end) const;
    void link(std::int64_t line);
    void trace(std::size_t edge);
    void add(Corner corner);

    const Columns* mask_ = nullptr;
    std::vector<std::int64_t> columns_;  // by span
    std::vector<std::size_t> links_;     // by end: where the outline goes on
    std::vector<std::uint8_t>
        is_hole_;                     // by edge: whether a hole that is to be traced begins there
    std::vector<std::size_t> outer_;  // edges where the outlines begin
    Ring ring_;
    struct Walk {
        std::size_t first, end;
        bool leaves;  // the edge of `end` has been walked
    };
    std::vector<Walk> walks_;
};

// The ring by Douglas and Peucker's rule: corners are left out while no corner between two that
// stay is farther than `tolerance` pixels from the line between them; bridges stay. A ring that
// would be left with fewer than 3 corners stays as it is.
Ring simplified(const Ring& ring, double tolerance);

}  // namespace panfuse::rle

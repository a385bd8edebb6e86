// Polygons to masks, by COCO's rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "rle/masks.h"

namespace panfuse::rle {

// A vertex that no polygon can have: not finite, or not in the range of int on COCO's grid.
struct VertexError : std::invalid_argument {
    VertexError(const char* what, bool is_far, std::size_t number)
        : std::invalid_argument(what), far(is_far), coordinate(number) {}

    bool far;                // finite
    std::size_t coordinate;  // among x0, y0, x1, ...
};

// Collects the outlines of a mask, and fills them.
//
// The rule is that of rleFrPoly of COCO's maskApi, to the bit: vertices are rounded to a grid of
// fifths of a pixel (truncating, as C does), edges become 8-connected lines on it, and where a line
// passes the middle of a column of pixels all pixels below flip (those whose middle lies below, to
// be exact). COCO walks every point of every line; here each line is asked where it crosses the
// middles of the columns that the image has. Coordinates need only fit COCO's ints.
class Filler {
  public:
    // height * width must be below 2^32.
    explicit Filler(Size size) : size_(size) {}

    // Another size, for the masks from here on.
    void resize(Size size) { size_ = size; }

    // Adds a polygon: x and y in turns, closed by itself. VertexError.
    void add(std::span<const double> xy);

    // Appends the counts of what is inside an odd number of times, and starts anew.
    void even_odd(Counts& counts);

    // Ends a polygon: what is added from here on is filled for itself.
    void next();
    // Appends the counts of what is inside any of the polygons that were ended, and starts anew.
    void merged(Counts& counts);

  private:
    struct Point {
        std::int64_t u, v;  // in fifths of a pixel
    };

    struct Flip {
        std::uint32_t column, row;
    };

    void edge(Point from, Point to);
    void flip(std::int64_t column, std::int64_t v);
    void sort();
    template <class Visit>
    void visit_odd(Visit&& visit);

    Size size_;
    std::vector<Flip> flips_;               // where an outline crosses the middle of a column
    std::vector<std::uint32_t> positions_;  // of flips, in column-major order
    std::vector<std::uint32_t> stops_;      // by column of those used: where its positions end
    std::vector<std::pair<std::uint32_t, std::uint32_t>> runs_;  // of finished polygons
};

}  // namespace panfuse::rle

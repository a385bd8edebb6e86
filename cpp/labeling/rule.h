// What one decision of this room is, shared by every device.
#pragma once

#include <cstdint>

#include "support/platform.h"

namespace panfuse::labeling {

// An image is planes of rows, whatever its rank; axes it lacks have length 1.
struct Shape {
    std::int64_t planes = 1, height = 1, width = 1;

    PF_HD std::int64_t rows() const { return planes * height; }
    PF_HD std::int64_t pixels() const { return rows() * width; }
};

// Neighbours differ by one in at most `steps` indices: 4- and 6-connected images have 1; 8 and 18
// have 2; 26 has 3.
//
// Of the rows before a row, those that hold neighbours of its pixels: at the same x, and, if
// `diagonal`, at x - 1 and x + 1.
struct Reach {
    bool straight, diagonal;
};

// `rows_apart`: how many of the indices z and y differ.
PF_HD inline Reach reach(int steps, int rows_apart) {
    return {rows_apart <= steps, rows_apart < steps};
}

// How the background connects where the foreground has `steps`.
PF_HD inline int dual(int steps, int rank) { return steps == 1 ? rank : 1; }

// What is added up over the pixels of a component; axes are shorter than 2^31. Coordinates are
// summed twice for x, since twice the sum over a run is a whole number.
struct alignas(64) Sums {
    std::uint64_t area, twice_x, y, z;
    std::uint32_t x_begin, y_begin, z_begin, x_end, y_end, z_end;
    std::int64_t first;  // index in C order
};

// Of no pixel; `first` is that of the first run to be added.
PF_HD inline Sums no_sums(std::int64_t first) {
    constexpr std::uint32_t most = ~std::uint32_t{0};
    return {0, 0, 0, 0, most, most, most, 0, 0, 0, first};
}

PF_HD inline std::uint32_t lesser(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }
PF_HD inline std::uint32_t greater(std::uint32_t a, std::uint32_t b) { return a > b ? a : b; }

// Adds the pixels [begin, end) of row y of plane z, which are not before `first`.
PF_HD inline void add_run(Sums& to, std::uint32_t begin, std::uint32_t end, std::uint32_t y,
                          std::uint32_t z) {
    const std::uint64_t n = end - begin;
    to.area += n;
    to.twice_x += n * (begin + end - 1);
    to.y += n * y;
    to.z += n * z;
    to.x_begin = lesser(to.x_begin, begin);
    to.y_begin = lesser(to.y_begin, y);
    to.z_begin = lesser(to.z_begin, z);
    to.x_end = greater(to.x_end, end);
    to.y_end = greater(to.y_end, y + 1);
    to.z_end = greater(to.z_end, z + 1);
}

PF_HD inline void add(Sums& to, const Sums& more) {
    to.area += more.area;
    to.twice_x += more.twice_x;
    to.y += more.y;
    to.z += more.z;
    to.x_begin = lesser(to.x_begin, more.x_begin);
    to.y_begin = lesser(to.y_begin, more.y_begin);
    to.z_begin = lesser(to.z_begin, more.z_begin);
    to.x_end = greater(to.x_end, more.x_end);
    to.y_end = greater(to.y_end, more.y_end);
    to.z_end = greater(to.z_end, more.z_end);
    to.first = more.first < to.first ? more.first : to.first;
}

// Both sides of the division are below 2^53 for images of less than 2^53 / axis pixels, and then
// the quotient is correctly rounded.
PF_HD inline double centroid(std::uint64_t twice_sum, std::uint64_t area) {
    return static_cast<double>(twice_sum) / static_cast<double>(2 * area);
}

// Whether a box touches the border of an image of that rank.
PF_HD inline bool touches_border(const Sums& sums, const Shape& shape, int rank) {
    const auto end = [](std::uint32_t stop, std::int64_t length) {
        return static_cast<std::int64_t>(stop) == length;
    };
    return sums.x_begin == 0 || end(sums.x_end, shape.width) ||
           (rank > 1 && (sums.y_begin == 0 || end(sums.y_end, shape.height))) ||
           (rank > 2 && (sums.z_begin == 0 || end(sums.z_end, shape.planes)));
}

// Whether a component of the background is a hole that may be filled, if its neighbours agree.
PF_HD inline bool is_hole(const Sums& sums, const Shape& shape, int rank, std::int64_t most_area) {
    return !touches_border(sums, shape, rank) && static_cast<std::int64_t>(sums.area) <= most_area;
}

// A component that wants to be among the largest. A strict order: larger first, the first one on a
// tie.
struct Rank {
    std::uint64_t area;
    std::int64_t first;
};

PF_HD inline bool larger(const Rank& a, const Rank& b) {
    return a.area > b.area || (a.area == b.area && a.first < b.first);
}

// A neighbour that a removed component may become part of: the one with more faces, or else the
// first.
struct Neighborhood {
    std::int64_t faces;
    std::uint32_t label;
};

PF_HD inline bool closer(const Neighborhood& a, const Neighborhood& b) {
    return a.faces > b.faces || (a.faces == b.faces && a.label < b.label);
}

// The rule of SAM 2's and SAM 3's fill_holes_in_mask_scores: what a mask's logits become, and the
// largest sprinkle to remove from a mask of `foreground` pixels.
inline constexpr double filled_logit = 0.1, removed_logit = -0.1;

PF_HD inline std::int64_t most_sprinkle(std::int64_t sprinkle_area, std::int64_t foreground) {
    return sprinkle_area < foreground / 2 ? sprinkle_area : foreground / 2;
}

}  // namespace panfuse::labeling

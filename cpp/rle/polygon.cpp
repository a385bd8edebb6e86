#include "rle/polygon.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rle/spans.h"

namespace panfuse::rle {
namespace {

constexpr double grid = 5;  // points of COCO's grid in a pixel

// Rounded as C rounds `(int)(5 * value + .5)`.
std::int64_t to_grid(double value, std::size_t coordinate) {
    const double scaled = grid * value + .5;
    if (!std::isfinite(value)) throw VertexError("is not finite", false, coordinate);
    if (!(scaled > -2147483649.0 && scaled < 2147483648.0))
        throw VertexError("is beyond COCO's grid of ints, 429496729 pixels", true, coordinate);
    return static_cast<std::int64_t>(scaled);
}

// Where the line from a to b is after `steps` of its longer axis, on the other one.
std::int64_t minor(std::int64_t start, double slope, std::int64_t steps) {
    return static_cast<std::int64_t>(static_cast<double>(start) +
                                     slope * static_cast<double>(steps) + .5);
}

}  // namespace

void Filler::flip(std::int64_t column, std::int64_t v) {
    const std::int64_t y = v <= -2 ? 0 : std::min((v + 2) / 5, size_.height);
    flips_.push_back(static_cast<std::uint32_t>(column * size_.height + y));
}

// A column is crossed between the grid's points 5 * column + 2 and the next; the row is that of the
// upper one of the line's two points there.
void Filler::edge(Point from, Point to) {
    const std::int64_t low = std::min(from.u, to.u), high = std::max(from.u, to.u);
    const std::int64_t first = low <= 2 ? 0 : (low + 2) / 5;
    const std::int64_t last = high < 3 ? -1 : std::min((high - 3) / 5, size_.width - 1);
    if (first > last) return;
    const std::int64_t rise = std::abs(to.v - from.v), width = high - low;
    if (width >= rise) {
        if (from.u > to.u) std::swap(from, to);
        const double slope = static_cast<double>(to.v - from.v) / static_cast<double>(width);
        for (std::int64_t x = first; x <= last; ++x) {
            const std::int64_t steps = 5 * x + 2 - from.u;
            flip(x, minor(from.v, slope, slope < 0 ? steps + 1 : steps));
        }
        return;
    }
    const bool backward = from.v > to.v;
    if (backward) std::swap(from, to);
    const double slope = static_cast<double>(to.u - from.u) / static_cast<double>(rise);
    for (std::int64_t x = first; x <= last; ++x) {
        const std::int64_t left = 5 * x + 2;
        // The first step on the other side.
        const auto crossed = [&](std::int64_t steps) {
            return (minor(from.u, slope, steps) > left) == (slope > 0);
        };
        const double guess = (static_cast<double>(left - from.u) + .5) / slope;
        std::int64_t steps = std::clamp(static_cast<std::int64_t>(guess), std::int64_t{1}, rise);
        while (steps > 1 && crossed(steps - 1)) --steps;
        while (steps < rise && !crossed(steps)) ++steps;
        // Slopes next to 1 on lines of 10^9 points may jump over a point, by their rounding: COCO
        // looks at the point that it reaches.
        const std::int64_t reached = minor(from.u, slope, backward ? steps - 1 : steps);
        if (crossed(steps) && reached == left + ((slope > 0) != backward))
            flip(x, from.v + steps - 1);
    }
}

void Filler::add(std::span<const double> xy) {
    const std::size_t start = flips_.size();
    try {
        Point first{}, before{};
        for (std::size_t i = 0; i + 1 < xy.size(); i += 2) {
            const Point point{to_grid(xy[i], i), to_grid(xy[i + 1], i + 1)};
            if (i == 0)
                first = point;
            else
                edge(before, point);
            before = point;
        }
        if (xy.size() >= 2) edge(before, first);
    } catch (const VertexError&) {
        flips_.resize(start);
        throw;
    }
}

namespace {

// Calls visit(begin, end) for what is flipped an odd number of times; `flips` ascend.
template <class Visit>
void visit_odd(std::span<const std::uint32_t> flips, std::uint32_t pixels, Visit&& visit) {
    bool inside = false;
    std::uint32_t begin = 0;
    for (std::size_t i = 0; i < flips.size(); ++i) {
        if (i + 1 < flips.size() && flips[i] == flips[i + 1]) {
            ++i;
            continue;
        }
        if (inside) visit(begin, flips[i]);
        inside = !inside;
        begin = flips[i];
    }
    if (inside && begin < pixels) visit(begin, pixels);
}

}  // namespace

void Filler::even_odd(Counts& counts) {
    std::sort(flips_.begin(), flips_.end());
    CountWriter writer(counts);
    visit_odd(flips_, pixels_of(size_),
              [&](std::uint32_t begin, std::uint32_t end) { writer.put(begin, end); });
    writer.finish(pixels_of(size_));
    flips_.clear();
}

void Filler::next() {
    std::sort(flips_.begin(), flips_.end());
    visit_odd(flips_, pixels_of(size_),
              [&](std::uint32_t begin, std::uint32_t end) { runs_.emplace_back(begin, end); });
    flips_.clear();
}

void Filler::merged(Counts& counts) {
    std::sort(runs_.begin(), runs_.end());
    CountWriter writer(counts);
    std::uint32_t begin = 0, end = 0;
    for (const auto& [next_begin, next_end] : runs_) {
        if (next_begin > end) {
            writer.put(begin, end);
            begin = next_begin;
        }
        end = std::max(end, next_end);
    }
    writer.put(begin, end);
    writer.finish(pixels_of(size_));
    runs_.clear();
}

void from_polygon(const double* xy, std::size_t points, Size size, Counts& counts) {
    Filler filler(size);
    filler.add({xy, 2 * points});
    filler.even_odd(counts);
}

}  // namespace panfuse::rle

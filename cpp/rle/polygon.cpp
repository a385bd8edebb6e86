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
    const std::int64_t row = v <= -2 ? 0 : std::min((v + 2) / 5, size_.height);
    flips_.push_back({static_cast<std::uint32_t>(column), static_cast<std::uint32_t>(row)});
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

// By columns first, which are as many as there are flips or fewer, mostly; a column has few flips.
void Filler::sort() {
    positions_.resize(flips_.size());
    if (flips_.empty()) return;
    const auto [low, high] = std::ranges::minmax(flips_, {}, &Flip::column);
    const std::uint32_t first_column = low.column;
    const std::size_t columns = high.column - first_column + 1;
    if (flips_.size() < columns / 8) {
        for (std::size_t i = 0; i < flips_.size(); ++i)
            positions_[i] = first_of(flips_[i].column, size_) + flips_[i].row;
        std::sort(positions_.begin(), positions_.end());
        return;
    }
    stops_.assign(columns + 1, 0);
    for (const Flip& flip : flips_) ++stops_[flip.column - first_column + 1];
    for (std::size_t x = 1; x < columns; ++x) stops_[x + 1] += stops_[x];
    // From here on stops_[x] is where the next flip of column x goes, and in the end its stop.
    for (const Flip& flip : flips_)
        positions_[stops_[flip.column - first_column]++] = first_of(flip.column, size_) + flip.row;
    constexpr std::ptrdiff_t few = 24;
    std::ptrdiff_t begin = 0;
    for (std::size_t x = 0; x < columns; ++x) {
        const auto first = positions_.begin() + begin, last = positions_.begin() + stops_[x];
        begin = stops_[x];
        if (last - first > few) {
            std::sort(first, last);
            continue;
        }
        for (auto sorted = first; sorted != last; ++sorted) {
            const std::uint32_t position = *sorted;
            auto at = sorted;
            for (; at != first && at[-1] > position; --at) *at = at[-1];
            *at = position;
        }
    }
}

// Calls visit(begin, end) for what is flipped an odd number of times, and forgets the flips.
template <class Visit>
void Filler::visit_odd(Visit&& visit) {
    sort();
    bool inside = false;
    std::uint32_t begin = 0;
    for (std::size_t i = 0; i < positions_.size(); ++i) {
        if (i + 1 < positions_.size() && positions_[i] == positions_[i + 1]) {
            ++i;
            continue;
        }
        if (inside) visit(begin, positions_[i]);
        inside = !inside;
        begin = positions_[i];
    }
    if (inside && begin < pixels_of(size_)) visit(begin, pixels_of(size_));
    flips_.clear();
}

void Filler::even_odd(Counts& counts) {
    CountWriter writer(counts);
    visit_odd([&](std::uint32_t begin, std::uint32_t end) { writer.put(begin, end); });
    writer.finish(pixels_of(size_));
}

void Filler::next() {
    visit_odd([&](std::uint32_t begin, std::uint32_t end) { runs_.emplace_back(begin, end); });
}

void Filler::merged(Counts& counts) {
    if (!std::is_sorted(runs_.begin(), runs_.end())) std::sort(runs_.begin(), runs_.end());
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

}  // namespace panfuse::rle

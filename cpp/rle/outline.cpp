#include "rle/outline.h"

#include <algorithm>
#include <cmath>

namespace panfuse::rle {

std::uint32_t Outlines::row(std::size_t edge) const {
    const Span& span = mask_->all()[edge / 2];
    return edge % 2 == 0 ? span.begin : span.end;
}

Corner Outlines::corner(std::size_t end) const {
    const std::size_t edge = end / 2;
    return {columns_[edge / 2] + static_cast<std::int64_t>(end % 2), row(edge), false};
}

// Ends on the line between two columns, by row: neighbours are joined by a vertical edge where one
// column is foreground and the other is not. Where pixels touch by corners only, each keeps its
// own.
void Outlines::link(std::int64_t line) {
    const std::int64_t width = mask_->size().width;
    std::size_t left = 0, left_stop = 0, right = 0, right_stop = 0;
    if (line > 0) left = 2 * mask_->start(line - 1), left_stop = 2 * mask_->start(line);
    if (line < width) right = 2 * mask_->start(line), right_stop = 2 * mask_->start(line + 1);
    std::size_t above = 0;
    bool open = false;  // a vertical edge comes down from `above`
    const auto join = [&](std::size_t a, std::size_t b) {
        links_[a] = b;
        links_[b] = a;
    };
    const auto pass = [&](std::size_t end) {
        if (open) join(above, end);
        above = end;
        open = !open;
    };
    while (left < left_stop || right < right_stop) {
        const std::size_t left_end = 2 * left + 1, right_end = 2 * right;
        if (left == left_stop || (right < right_stop && row(right) < row(left))) {
            pass(right_end);
            ++right;
        } else if (right == right_stop || row(left) < row(right)) {
            pass(left_end);
            ++left;
        } else {
            // The pixel above the corner is the left one's if its span ends here.
            const bool left_first = !open || left % 2 == 1;
            pass(left_first ? left_end : right_end);
            pass(left_first ? right_end : left_end);
            ++left, ++right;
        }
    }
}

void Outlines::find(const Columns& mask) {
    mask_ = &mask;
    const std::size_t edges = 2 * mask.all().size();
    columns_.resize(edges / 2);
    links_.resize(2 * edges);
    for (std::int64_t x = 0; x < mask.size().width; ++x)
        std::fill(columns_.begin() + static_cast<std::ptrdiff_t>(mask.start(x)),
                  columns_.begin() + static_cast<std::ptrdiff_t>(mask.start(x + 1)), x);
    for (std::int64_t line = 0; line <= mask.size().width; ++line) link(line);
    // The first edge of a ring in memory is an upper one if the ring runs around its component, and
    // a lower one if around a hole.
    outer_.clear();
    is_hole_.assign(edges, 0);
    std::vector<std::uint8_t> seen(edges, 0);
    for (std::size_t edge = 0; edge < edges; ++edge) {
        if (seen[edge] != 0) continue;
        if (edge % 2 == 0)
            outer_.push_back(edge);
        else
            is_hole_[edge] = 1;
        std::size_t end = 2 * edge;
        do {
            seen[end / 2] = 1;
            end = links_[end ^ 1];
        } while (end != 2 * edge);
    }
}

void Outlines::add(Corner corner) {
    const auto side = [](std::int64_t a, std::int64_t b) { return (a < b) - (b < a); };
    const std::size_t n = ring_.size();
    if (n > 0 && ring_[n - 1] == corner) {
        ring_[n - 1].fixed |= corner.fixed;
        return;
    }
    if (n > 1) {
        const Corner &a = ring_[n - 2], &b = ring_[n - 1];
        if (side(a.x, b.x) == side(b.x, corner.x) && side(a.y, b.y) == side(b.y, corner.y) &&
            !b.fixed) {
            ring_[n - 1] = corner;
            return;
        }
    }
    ring_.push_back(corner);
}

// Where a hole begins below the left end of an edge, the walk goes round the hole and comes back.
void Outlines::trace(std::size_t edge) {
    ring_.clear();
    walks_.assign(1, {edge, 2 * edge, false});
    while (!walks_.empty()) {
        Walk& walk = walks_.back();
        Corner here = corner(walk.end);
        const std::size_t own = walk.end / 2;
        const bool bridges = walk.end % 2 == 0 && own % 2 == 0 && is_hole_[own + 1] != 0;
        const bool starts_hole = walks_.size() > 1 && walk.end == 2 * walk.first && !walk.leaves;
        here.fixed = bridges || starts_hole;
        add(here);
        if (bridges) {
            is_hole_[own + 1] = 0;
            walks_.push_back({own + 1, 2 * (own + 1), false});
            continue;
        }
        if (!walk.leaves) {
            walk.end ^= 1;
            walk.leaves = true;
            continue;
        }
        walk.end = links_[walk.end];
        walk.leaves = false;
        if (walk.end != 2 * walk.first) continue;
        here = corner(walk.end);
        here.fixed = walks_.size() > 1;
        add(here);
        walks_.pop_back();
        if (!walks_.empty()) {
            here = corner(walks_.back().end);
            here.fixed = true;
            add(here);
        }
    }
    if (ring_.size() > 1 && ring_.back() == ring_.front()) ring_.pop_back();
}

namespace {

double distance(const Corner& point, const Corner& a, const Corner& b) {
    const auto x = static_cast<double>(point.x - a.x), y = static_cast<double>(point.y - a.y);
    const auto dx = static_cast<double>(b.x - a.x), dy = static_cast<double>(b.y - a.y);
    const double length = std::sqrt(dx * dx + dy * dy);
    return length == 0 ? std::sqrt(x * x + y * y) : std::abs(dx * y - dy * x) / length;
}

}  // namespace

Ring simplified(const Ring& ring, double tolerance) {
    Ring closed = ring;
    closed.push_back(ring.front());
    std::vector<std::uint8_t> stays(closed.size(), 0);
    std::vector<std::pair<std::size_t, std::size_t>> chains;
    std::size_t begin = 0;
    for (std::size_t i = 1; i < closed.size(); ++i) {
        if (!closed[i].fixed && i + 1 < closed.size()) continue;
        stays[begin] = 1;
        chains.emplace_back(begin, i);
        begin = i;
    }
    while (!chains.empty()) {
        const auto [first, last] = chains.back();
        chains.pop_back();
        double most = tolerance;
        std::size_t farthest = first;
        for (std::size_t i = first + 1; i < last; ++i) {
            const double far = distance(closed[i], closed[first], closed[last]);
            if (far > most) {
                most = far;
                farthest = i;
            }
        }
        if (farthest == first) continue;
        stays[farthest] = 1;
        chains.emplace_back(first, farthest);
        chains.emplace_back(farthest, last);
    }
    Ring result;
    for (std::size_t i = 0; i < ring.size(); ++i)
        if (stays[i] != 0 && (result.empty() || !(result.back() == ring[i])))
            result.push_back(ring[i]);
    return result.size() < 3 ? ring : result;
}

}  // namespace panfuse::rle

#include "rle/placement.h"

#include <algorithm>

namespace panfuse::rle {
namespace {

// The first of m pixels that takes pixel `source` of n, or a later one.
std::int64_t first_taking(std::int64_t source, std::int64_t n, std::int64_t m, Nearest rule) {
    if (rule == Nearest::corner) return (source * m + n - 1) / n;
    return (2 * source * m - n + 2 * n - 1) / (2 * n);
}

std::int64_t taken(std::int64_t i, std::int64_t n, std::int64_t m, Nearest rule) {
    return rule == Nearest::corner ? i * n / m : (2 * i + 1) * n / (2 * m);
}

}  // namespace

void place(const Columns& mask, std::int64_t top, std::int64_t left, Size size, Counts& counts) {
    CountWriter writer(counts);
    const std::int64_t begin = std::max<std::int64_t>(0, -left);
    const std::int64_t end = std::min(size.width, mask.size().width - left);
    for (std::int64_t x = begin; x < end; ++x) {
        const std::uint32_t column = first_of(x, size);
        for (const Span& span : mask[x + left]) {
            const std::int64_t from = std::max<std::int64_t>(span.begin - top, 0);
            const std::int64_t to = std::min<std::int64_t>(span.end - top, size.height);
            if (from < to)
                writer.put(column + static_cast<std::uint32_t>(from),
                           column + static_cast<std::uint32_t>(to));
        }
    }
    writer.finish(pixels_of(size));
}

void flip(const Columns& mask, Axis axis, Counts& counts) {
    const Size size = mask.size();
    const auto height = static_cast<std::uint32_t>(size.height);
    CountWriter writer(counts);
    for (std::int64_t x = 0; x < size.width; ++x) {
        const std::uint32_t column = first_of(x, size);
        const auto spans = mask[axis == Axis::rows ? x : size.width - 1 - x];
        if (axis == Axis::columns)
            for (const Span& span : spans) writer.put(column + span.begin, column + span.end);
        else
            for (auto span = spans.rbegin(); span != spans.rend(); ++span)
                writer.put(column + height - span->end, column + height - span->begin);
    }
    writer.finish(pixels_of(size));
}

void resize(const Columns& mask, Size size, Nearest rule, Counts& counts) {
    const Size from = mask.size();
    CountWriter writer(counts);
    std::vector<Span> column;
    std::int64_t column_of = -1;
    for (std::int64_t x = 0; x < size.width; ++x) {
        const std::int64_t source = taken(x, from.width, size.width, rule);
        if (source != column_of) {
            column.clear();
            column_of = source;
            for (const Span& span : mask[source])
                column.push_back({static_cast<std::uint32_t>(
                                      first_taking(span.begin, from.height, size.height, rule)),
                                  static_cast<std::uint32_t>(
                                      first_taking(span.end, from.height, size.height, rule))});
        }
        const std::uint32_t begin = first_of(x, size);
        for (const Span& span : column) writer.put(begin + span.begin, begin + span.end);
    }
    writer.finish(pixels_of(size));
}

// Rows change colour between columns: where one of two neighbours has a span and the other has not.
void transpose(const Columns& mask, Counts& counts) {
    const auto [height, width] = mask.size();
    const std::span<const Span> none;
    // Calls visit(row, column) for every change, columns ascending.
    const auto visit_changes = [&, n = width](auto&& visit) {
        for (std::int64_t x = 0; x <= n; ++x) {
            const auto left = x > 0 ? mask[x - 1] : none, right = x < n ? mask[x] : none;
            std::size_t i = 0, j = 0;
            bool differ = false;
            std::uint32_t begin = 0;
            const auto bound = [](std::span<const Span> spans, std::size_t k) {
                const Span& span = spans[k / 2];
                return k % 2 == 0 ? span.begin : span.end;
            };
            while (i < 2 * left.size() || j < 2 * right.size()) {
                const bool is_left = j == 2 * right.size() ||
                                     (i < 2 * left.size() && bound(left, i) < bound(right, j));
                const std::uint32_t y = is_left ? bound(left, i++) : bound(right, j++);
                if (differ)
                    for (std::uint32_t row = begin; row < y; ++row) visit(row, x);
                differ = !differ;
                begin = y;
            }
        }
    };
    std::vector<std::size_t> starts(static_cast<std::size_t>(height) + 1, 0);
    visit_changes([&](std::uint32_t row, std::int64_t) { ++starts[row + 1]; });
    for (std::size_t row = 1; row < starts.size(); ++row) starts[row] += starts[row - 1];
    std::vector<std::uint32_t> changes(starts.back());
    std::vector<std::size_t> at(starts.begin(), starts.end() - 1);
    visit_changes([&](std::uint32_t row, std::int64_t x) {
        changes[at[row]++] = static_cast<std::uint32_t>(x);
    });
    CountWriter writer(counts);
    for (std::size_t row = 0; row + 1 < starts.size(); ++row) {
        const auto begin = static_cast<std::uint32_t>(row * static_cast<std::size_t>(width));
        for (std::size_t i = starts[row]; i < starts[row + 1]; i += 2)
            writer.put(begin + changes[i], begin + changes[i + 1]);
    }
    writer.finish(pixels_of({height, width}));
}

void invert(const Columns& mask, Counts& counts) {
    const Size size = mask.size();
    CountWriter writer(counts);
    for (std::int64_t x = 0; x < size.width; ++x) {
        const std::uint32_t column = first_of(x, size);
        std::uint32_t end = column;
        for (const Span& span : mask[x]) {
            writer.put(end, column + span.begin);
            end = column + span.end;
        }
        writer.put(end, first_of(x + 1, size));
    }
    writer.finish(pixels_of(size));
}

void canonical(Runs counts, Size size, Counts& out) {
    CountWriter writer(out);
    std::uint32_t begin = 0;
    for (std::size_t run = 0; run < counts.size(); begin += counts[run++])
        if (run % 2 == 1) writer.put(begin, begin + counts[run]);
    writer.finish(pixels_of(size));
}

}  // namespace panfuse::rle

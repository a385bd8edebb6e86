#include "rle/boundary.h"

#include <algorithm>
#include <cmath>

namespace panfuse::rle {
namespace {

using Spans = std::span<const Span>;

// Lists of spans side by side, which can be dropped from the end.
class Lists {
  public:
    Spans operator[](std::size_t i) const {
        return {spans_.data() + starts_[i], starts_[i + 1] - starts_[i]};
    }
    void clear() {
        spans_.clear();
        starts_.assign(1, 0);
    }
    void add(Span span) { spans_.push_back(span); }
    void close() { starts_.push_back(spans_.size()); }
    std::vector<Span>& open() { return spans_; }

  private:
    std::vector<Span> spans_;
    std::vector<std::size_t> starts_{0};
};

// Calls add(span) for what both have.
template <class Add>
void intersect(Spans a, Spans b, Add&& add) {
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const Span both{std::max(a[i].begin, b[j].begin), std::min(a[i].end, b[j].end)};
        if (both.begin < both.end) add(both);
        a[i].end < b[j].end ? ++i : ++j;
    }
}

// The spans of a column without `width` rows at each end.
void shrink(Spans spans, std::uint32_t width, std::vector<Span>& out) {
    for (const Span& span : spans)
        if (span.end - span.begin > 2 * width)
            out.push_back({span.begin + width, span.end - width});
}

// Writes a column without what is inside.
void subtract(Spans spans, Spans inside, std::uint32_t column, CountWriter& writer) {
    std::size_t i = 0;
    for (const Span& span : spans) {
        std::uint32_t begin = span.begin;
        for (; i < inside.size() && inside[i].begin < span.end; ++i) {
            writer.put(column + begin, column + inside[i].begin);
            begin = inside[i].end;
        }
        writer.put(column + begin, column + span.end);
    }
}

}  // namespace

std::int64_t band_width(Size size, double ratio) {
    const auto height = static_cast<double>(size.height), width = static_cast<double>(size.width);
    const double band = std::nearbyint(ratio * std::sqrt(height * height + width * width));
    return static_cast<std::int64_t>(std::clamp(band, 1.0, 2147483647.0));
}

// Erosion by a square is one of the columns, and then what a window of columns has in common: with
// blocks as long as the window, the end of one block and the beginning of the next (van Herk 1992,
// Gil and Werman 1993), so that the width costs nothing.
void boundary(const Columns& mask, std::int64_t width, Counts& counts) {
    const auto [height, columns] = mask.size();
    CountWriter writer(counts);
    const auto put = [&](std::int64_t x, Spans inside) {
        subtract(mask[x], inside, first_of(x, mask.size()), writer);
    };
    const std::int64_t window = 2 * width + 1;
    std::int64_t done = 0;  // columns that are written
    if (window <= std::min(height, columns)) {
        const auto rows = static_cast<std::uint32_t>(width);
        Lists ends;  // ends[i]: what a block has in common from column -1 - i on
        std::vector<Span> column, common;  // common: from the beginning of the next block on
        std::vector<Span> next, inside;
        for (; done < width; ++done) put(done, {});
        for (std::int64_t block = 0; block + window <= columns; block += window) {
            ends.clear();
            for (std::int64_t x = block + window - 1; x >= block; --x) {
                column.clear();
                shrink(mask[x], rows, column);
                if (x == block + window - 1) {
                    ends.open().insert(ends.open().end(), column.begin(), column.end());
                } else {
                    const auto last = static_cast<std::size_t>(block + window - 2 - x);
                    next.clear();
                    intersect(column, ends[last], [&](Span span) { next.push_back(span); });
                    for (const Span& span : next) ends.add(span);
                }
                ends.close();
            }
            const std::int64_t stop = std::min(block + window, columns - window + 1);
            for (std::int64_t begin = block; begin < stop; ++begin, ++done) {
                const Spans end = ends[static_cast<std::size_t>(block + window - 1 - begin)];
                if (begin == block) {
                    put(done, end);
                    continue;
                }
                column.clear();
                shrink(mask[begin + window - 1], rows, column);
                if (begin == block + 1) {
                    common = column;
                } else {
                    next.clear();
                    intersect(common, column, [&](Span span) { next.push_back(span); });
                    common.swap(next);
                }
                inside.clear();
                intersect(end, common, [&](Span span) { inside.push_back(span); });
                put(done, inside);
            }
        }
    }
    for (; done < columns; ++done) put(done, {});
    writer.finish(pixels_of(mask.size()));
}

}  // namespace panfuse::rle

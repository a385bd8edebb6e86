#include "rle/layers.h"

#include <algorithm>
#include <limits>

#include "rle/measure.h"

namespace panfuse::rle {
namespace {

constexpr Layers::Row never = std::numeric_limits<Layers::Row>::max();  // where no run begins

// The sums of so many columns fit 32 bits.
constexpr std::size_t block = 65536;

std::int64_t sum(const Layers::Row* a_begins, const Layers::Row* a_ends,
                 const Layers::Row* b_begins, const Layers::Row* b_ends, std::size_t n) {
    std::int64_t total = 0;
    for (std::size_t from = 0; from < n; from += block) {
        const std::size_t to = std::min(n, from + block);
        std::uint32_t part = 0;
        for (std::size_t x = from; x < to; ++x) {
            const Layers::Row begin = std::max(a_begins[x], b_begins[x]);
            const Layers::Row end = std::min(a_ends[x], b_ends[x]);
            part += static_cast<std::uint16_t>(std::max(begin, end) - begin);
        }
        total += part;
    }
    return total;
}

}  // namespace

Layers::Layers(const Masks& masks) {
    boxes_.reserve(masks.size());
    counts_.reserve(masks.size());
    starts_.reserve(masks.size());
    for (std::size_t i = 0; i < masks.size(); ++i) {
        const Size size = masks.size_of(i);
        boxes_.push_back(rle::box(masks[i], size));
        starts_.push_back(rows_.size());
        const bool fits = size.height < never && boxes_.back().width > 0;
        counts_.push_back(
            fits ? split(masks[i], boxes_.back(), static_cast<std::uint32_t>(size.height)) : 0);
        if (counts_.back() == 0) rows_.resize(starts_.back());
    }
}

// Appends the layers of a mask; their count is returned, 0 if they would be too many.
std::size_t Layers::split(Runs counts, const Box& box, std::uint32_t height) {
    const std::size_t start = rows_.size();
    const auto width = static_cast<std::size_t>(box.width);
    const std::size_t most = (2 * counts.size() + 64) / width;
    std::size_t layers = 0, layer = 0;
    std::uint64_t begin = 0, column_begin = static_cast<std::uint64_t>(box.x) * height;
    std::size_t x = 0;
    for (std::size_t i = 0; i + 1 < counts.size(); i += 2) {
        begin += counts[i];
        const std::uint64_t end = begin + counts[i + 1];
        while (begin < end) {
            for (; begin - column_begin >= height; column_begin += height, layer = 0) ++x;
            if (layer == layers) {
                if (++layers > most) return 0;
                rows_.resize(start + 2 * layers * width);
                Row* const added = rows_.data() + start + 2 * layer * width;
                std::fill_n(added, width, never);
                std::fill_n(added + width, width, Row{0});
            }
            const std::uint64_t stop = std::min(end, column_begin + height);
            Row* const to = rows_.data() + start + 2 * layer * width + x;
            to[0] = static_cast<Row>(begin - column_begin);
            to[width] = static_cast<Row>(stop - column_begin);
            ++layer;
            begin = stop;
        }
    }
    return layers;
}

std::int64_t shared_pixels(const Layers& a, std::size_t i, const Layers& b, std::size_t j,
                           std::int32_t left, std::int32_t right) {
    const auto n = static_cast<std::size_t>(right - left);
    std::int64_t total = 0;
    for (std::size_t k = 0; k < a.count(i); ++k)
        for (std::size_t l = 0; l < b.count(j); ++l)
            total += sum(a.begins(i, k, left), a.ends(i, k, left), b.begins(j, l, left),
                         b.ends(j, l, left), n);
    return total;
}

}  // namespace panfuse::rle

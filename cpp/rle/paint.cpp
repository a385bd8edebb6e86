#include "rle/paint.h"

#include <algorithm>

#include "rle/overlap.h"
#include "support/uninitialized.h"

namespace panfuse::rle {
namespace {

constexpr std::size_t stripe_columns = 16;  // a cache line of ids

}  // namespace

void paint(const Masks& masks, std::span<const std::int32_t> ids,
           std::span<const std::size_t> order, Size size, std::int32_t* out) {
    if (size.pixels() == 0) return;
    const Foreground all(masks);
    const auto height = static_cast<std::size_t>(size.height);
    const auto width = static_cast<std::size_t>(size.width);
    std::vector<const Run*> next;  // of each mask, the first run that is not painted whole
    for (std::size_t i = 0; i < all.size(); ++i) next.push_back(all[i].data());
    UninitializedVector<std::int32_t> stripe(height * std::min(stripe_columns, width));
    for (std::size_t left = 0; left < width; left += stripe_columns) {
        const std::size_t columns = std::min(stripe_columns, width - left);
        const auto begin = static_cast<std::uint32_t>(left * height);
        const auto end = static_cast<std::uint32_t>((left + columns) * height);
        std::fill_n(stripe.data(), columns * height, 0);
        for (const std::size_t i : order) {
            const Run* const last = all[i].data() + all[i].size();
            for (const Run*& run = next[i]; run != last && run->begin < end; ++run) {
                const std::uint32_t from = std::max(run->begin, begin);
                std::fill(stripe.data() + (from - begin),
                          stripe.data() + (std::min(run->end, end) - begin), ids[i]);
                if (run->end > end) break;
            }
        }
        for (std::size_t y = 0; y < height; ++y)
            for (std::size_t x = 0; x < columns; ++x)
                out[y * width + left + x] = stripe[x * height + y];
    }
}

}  // namespace panfuse::rle

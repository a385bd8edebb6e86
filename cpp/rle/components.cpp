#include "rle/components.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace panfuse::rle {

std::size_t Components::root(std::size_t span) {
    while (parents_[span] != span) span = parents_[span] = parents_[parents_[span]];
    return span;
}

void Components::find(const Columns& mask, bool diagonal) {
    mask_ = &mask;
    const auto spans = mask.all();
    const std::int64_t width = mask.size().width;
    parents_.resize(spans.size());
    std::iota(parents_.begin(), parents_.end(), std::size_t{0});
    columns_.resize(spans.size());
    firsts_.clear();
    const std::uint32_t touch = diagonal ? 1 : 0;
    for (std::int64_t x = 0; x < width; ++x) {
        const std::size_t stop = mask.start(x + 1);
        std::size_t left = x > 0 ? mask.start(x - 1) : 0;
        for (std::size_t span = mask.start(x); span < stop; ++span) {
            columns_[span] = first_of(x, mask.size());
            const auto [begin, end] = spans[span];
            while (left < mask.start(x) && spans[left].end + touch <= begin) ++left;
            for (std::size_t other = left;
                 other < mask.start(x) && spans[other].begin < end + touch; ++other) {
                const std::size_t a = root(span), b = root(other);
                parents_[std::max(a, b)] = std::min(a, b);
            }
        }
    }
    // The first span of a component in memory is its root, the first along the rows another one.
    std::vector<std::size_t> numbers(spans.size());
    for (std::int64_t x = 0; x < width; ++x)
        for (std::size_t span = mask.start(x); span < mask.start(x + 1); ++span) {
            const std::size_t own = root(span);
            if (own == span) {
                numbers[span] = firsts_.size();
                firsts_.push_back({spans[span].begin, x, span});
            } else if (First& first = firsts_[numbers[own]]; spans[span].begin < first.y) {
                first = {spans[span].begin, x, own};
            }
        }
    std::sort(firsts_.begin(), firsts_.end(), [](const First& a, const First& b) {
        return std::tie(a.y, a.x) < std::tie(b.y, b.x);
    });
    for (std::size_t i = 0; i < firsts_.size(); ++i) numbers[firsts_[i].root] = i;
    starts_.assign(firsts_.size() + 1, 0);
    for (std::size_t span = 0; span < spans.size(); ++span) ++starts_[numbers[root(span)] + 1];
    std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
    order_.resize(spans.size());
    std::vector<std::size_t> at(starts_.begin(), starts_.end() - 1);
    for (std::size_t span = 0; span < spans.size(); ++span)
        order_[at[numbers[root(span)]]++] = span;
}

}  // namespace panfuse::rle

#include "rle/spans.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace panfuse::rle {

void Columns::fill(Runs counts, Size size) {
    if (std::max(size.height, size.width) > longest_side_of_columns)
        throw std::invalid_argument(
            "size: expected sides of up to " + std::to_string(longest_side_of_columns) +
            ", for what goes column by column, got " + std::to_string(size.height) + " x " +
            std::to_string(size.width));
    size_ = size;
    const auto height = static_cast<std::uint64_t>(size.height);
    spans_.clear();
    starts_.assign(static_cast<std::size_t>(size.width) + 1, 0);
    if (height == 0) return;
    std::size_t x = 0;
    std::uint64_t column = 0, next = height;
    const auto step = [&] {
        starts_[++x] = spans_.size();
        column = next;
        next += height;
    };
    const auto push = [&](std::uint64_t begin, std::uint64_t end) {
        const Span span{static_cast<std::uint32_t>(begin - column),
                        static_cast<std::uint32_t>(end - column)};
        if (spans_.size() > starts_[x] && spans_.back().end == span.begin)
            spans_.back().end = span.end;
        else
            spans_.push_back(span);
    };
    std::uint64_t begin = 0;
    for (std::size_t run = 0; run < counts.size(); ++run) {
        const std::uint64_t end = begin + counts[run];
        if (run % 2 == 1 && begin < end) {
            while (begin >= next) step();
            for (; end > next; begin = column) {
                push(begin, next);
                step();
            }
            push(begin, end);
        }
        begin = end;
    }
    while (x < static_cast<std::size_t>(size.width)) step();
}

}  // namespace panfuse::rle

#include "rle/measure.h"

#include <algorithm>
#include <limits>

namespace panfuse::rle {

std::int64_t area(Runs counts) {
    std::int64_t sum = 0;
    for (std::size_t i = 1; i < counts.size(); i += 2) sum += counts[i];
    return sum;
}

Box box(Runs counts, Size size) {
    if (size.pixels() == 0) return {};
    const auto height = static_cast<std::uint32_t>(size.height);
    std::uint32_t left = std::numeric_limits<std::uint32_t>::max(), right = 0;
    std::uint32_t top = height, bottom = 0;
    std::uint32_t begin = 0, column = 0, column_begin = 0;  // of the column of the latest run
    for (std::size_t i = 0; i + 1 < counts.size(); i += 2) {
        begin += counts[i];
        const std::uint32_t n = counts[i + 1];
        if (n == 0) continue;
        if (begin - column_begin >= height) {
            column = begin - column_begin < 2 * std::uint64_t{height} ? column + 1 : begin / height;
            column_begin = column * height;
        }
        const std::uint32_t y = begin - column_begin;
        left = std::min(left, column);
        if (n > height - y) {  // it goes on in the next column
            top = 0;
            bottom = height;
            column = (begin + (n - 1)) / height;
            column_begin = column * height;
        } else {
            top = std::min(top, y);
            bottom = std::max(bottom, y + n);
        }
        right = column;
        begin += n;
    }
    if (bottom == 0) return {};
    return {static_cast<std::int32_t>(left), static_cast<std::int32_t>(top),
            static_cast<std::int32_t>(right - left + 1), static_cast<std::int32_t>(bottom - top)};
}

}  // namespace panfuse::rle

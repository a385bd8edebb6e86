#include "fusion/overlay.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace panfuse::fusion {

void Extent::add(std::int64_t y, std::int64_t x_begin, std::int64_t x_end, std::int64_t pixels) {
    area += pixels;
    left = std::min(left, x_begin);
    right = std::max(right, x_end);
    top = std::min(top, y);
    bottom = std::max(bottom, y + 1);
}

void Extent::add(const Extent& other) {
    area += other.area;
    left = std::min(left, other.left);
    right = std::max(right, other.right);
    top = std::min(top, other.top);
    bottom = std::max(bottom, other.bottom);
}

Overlay::Overlay(ImageSize size, std::int32_t* ids)
    : size_(size), ids_(ids), taken_(Region{0, size.height, 0, words_of(size.width)}) {}

Overlap Overlay::measure(const BitPlane& mask) const {
    const Region& region = mask.region();
    Overlap sum;
    for (std::int64_t y = region.top; y < region.bottom; ++y)
        mask_kernels().measure(mask.row(y), taken_.row(y) + region.left,
                               static_cast<std::size_t>(region.words()), &sum);
    return sum;
}

Extent Overlay::lay(const BitPlane& mask, std::int32_t number) {
    const Region& region = mask.region();
    const auto words = static_cast<std::size_t>(region.words());
    Extent extent;
    std::vector<std::uint64_t> free(words), columns(words, 0);
    for (std::int64_t y = region.top; y < region.bottom; ++y) {
        const std::uint64_t* const bits = mask.row(y);
        std::uint64_t* const taken = taken_.row(y) + region.left;
        std::int64_t pixels = 0;
        for (std::size_t i = 0; i < words; ++i) {
            free[i] = bits[i] & ~taken[i];
            taken[i] |= bits[i];
            columns[i] |= free[i];
            pixels += std::popcount(free[i]);
        }
        if (pixels == 0) continue;
        extent.add(y, INT64_MAX, 0, pixels);
        mask_kernels().paint(free.data(), words, number, ids_ + y * size_.width + 64 * region.left);
    }
    for (std::size_t i = 0; i < words; ++i) {
        if (columns[i] == 0) continue;
        const std::int64_t x = 64 * (region.left + static_cast<std::int64_t>(i));
        extent.left = std::min(extent.left, x + std::countr_zero(columns[i]));
        extent.right = std::max(extent.right, x + 64 - std::countl_zero(columns[i]));
    }
    return extent;
}

}  // namespace panfuse::fusion

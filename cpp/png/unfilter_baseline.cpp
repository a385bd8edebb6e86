// For every CPU: plain loops, a pixel at a time.
#include "png/unfilter_tables.h"

namespace panfuse::png {
namespace {

#include "png/unfilter_pixels.inc"

std::uint32_t distance(std::uint32_t a, std::uint32_t b) { return a > b ? a - b : b - a; }

// PNG specification, 9.4: the neighbour nearest to left + up - corner; ties to left, then up.
std::uint32_t paeth_byte(std::uint32_t left, std::uint32_t up, std::uint32_t corner) {
    const std::uint32_t to_left = distance(up, corner), to_up = distance(left, corner);
    const std::uint32_t to_corner = distance(left + up, 2 * corner);
    if (to_left <= to_up && to_left <= to_corner) return left;
    return to_up <= to_corner ? up : corner;
}

std::uint32_t paeth(std::uint32_t left, std::uint32_t up, std::uint32_t corner) {
    if (up == corner) return left;
    if (left == corner) return up;
    std::uint32_t id = 0;
    for (int shift = 0; shift < 24; shift += 8)
        id |= paeth_byte(left >> shift & 0xFF, up >> shift & 0xFF, corner >> shift & 0xFF) << shift;
    return id;
}

void none_row(const std::uint8_t* residuals, std::size_t width, std::uint32_t* row,
              std::uint64_t* changes) {
    unfilter_pixels(residuals, width, row, changes,
                    [](std::uint32_t, std::uint32_t, std::uint32_t) { return 0u; });
}

void sub_row(const std::uint8_t* residuals, std::size_t width, std::uint32_t* row,
             std::uint64_t* changes) {
    unfilter_pixels(residuals, width, row, changes,
                    [](std::uint32_t left, std::uint32_t, std::uint32_t) { return left; });
}

void up_row(const std::uint8_t* residuals, std::size_t width, std::uint32_t* row,
            std::uint64_t* changes) {
    unfilter_pixels(residuals, width, row, changes,
                    [](std::uint32_t, std::uint32_t up, std::uint32_t) { return up; });
}

void paeth_row(const std::uint8_t* residuals, std::size_t width, std::uint32_t* row,
               std::uint64_t* changes) {
    unfilter_pixels(residuals, width, row, changes, paeth);
}

constexpr Unfilter table{{none_row, sub_row, up_row, average_row, paeth_row}};

}  // namespace

const Unfilter& baseline_unfilter() { return table; }

}  // namespace panfuse::png

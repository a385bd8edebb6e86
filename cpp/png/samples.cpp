#include "png/samples.h"

#include <bit>
#include <cstdlib>
#include <cstring>

#include "png/unfilter.h"

namespace panfuse::png {
namespace {

std::uint8_t paeth(int left, int up, int corner) {
    const int to_left = std::abs(up - corner), to_up = std::abs(left - corner);
    const int to_corner = std::abs(left + up - 2 * corner);
    if (to_left <= to_up && to_left <= to_corner) return static_cast<std::uint8_t>(left);
    return static_cast<std::uint8_t>(to_up <= to_corner ? up : corner);
}

// predict(left, up, corner)
template <class Predict>
void add_predicted(std::uint8_t* row, const std::uint8_t* above, std::size_t n,
                   std::size_t pixel_bytes, Predict predict) {
    for (std::size_t i = 0; i < n; ++i) {
        const bool first = i < pixel_bytes;
        const int left = first ? 0 : row[i - pixel_bytes];
        const int corner = first ? 0 : above[i - pixel_bytes];
        row[i] = static_cast<std::uint8_t>(row[i] + predict(left, above[i], corner));
    }
}

template <unsigned depth>
void unpack_bits(const std::uint8_t* row, std::size_t pixels, std::uint32_t* ids) {
    constexpr unsigned per_byte = 8 / depth;
    for (std::size_t x = 0; x < pixels; ++x) {
        const auto shift = 8 - depth * (1 + static_cast<unsigned>(x % per_byte));
        ids[x] = row[x / per_byte] >> shift & ((1u << depth) - 1);
    }
}

template <std::size_t pixel_bytes>
void unpack_colors(const std::uint8_t* row, std::size_t pixels, std::uint32_t* ids) {
    for (std::size_t x = 0; x < pixels; ++x, row += pixel_bytes)
        ids[x] = row[0] | std::uint32_t{row[1]} << 8 | std::uint32_t{row[2]} << 16;
}

// Four bytes are written for each three, since a byte at a time takes three times as long.
template <std::size_t pixel_bytes>
void widen(const std::uint8_t* residuals, std::size_t pixels, std::uint8_t* rgb) {
    for (std::size_t x = 0; x < pixels; ++x, residuals += pixel_bytes, rgb += 3) {
        std::uint32_t pixel = residuals[0];
        if constexpr (pixel_bytes == 2) pixel = pixel << 8 | residuals[1];
        if constexpr (pixel_bytes == 4)
            pixel |= std::uint32_t{residuals[1]} << 8 | std::uint32_t{residuals[2]} << 16;
        if constexpr (std::endian::native == std::endian::big) pixel = __builtin_bswap32(pixel);
        std::memcpy(rgb, &pixel, sizeof pixel);
    }
}

}  // namespace

void widen_residuals(const Header& header, const std::uint8_t* residuals, std::size_t pixels,
                     std::uint8_t* rgb) {
    switch (header.pixel_bytes()) {
        case 1: return widen<1>(residuals, pixels, rgb);
        case 2: return widen<2>(residuals, pixels, rgb);
        default: return widen<4>(residuals, pixels, rgb);
    }
}

void unfilter_bytes(std::uint8_t filter, std::uint8_t* row, const std::uint8_t* above,
                    std::size_t n, std::size_t pixel_bytes) {
    switch (filter) {
        case filter_sub:
            for (std::size_t i = pixel_bytes; i < n; ++i)
                row[i] = static_cast<std::uint8_t>(row[i] + row[i - pixel_bytes]);
            return;
        case filter_up:
            for (std::size_t i = 0; i < n; ++i)
                row[i] = static_cast<std::uint8_t>(row[i] + above[i]);
            return;
        case filter_average:
            return add_predicted(row, above, n, pixel_bytes,
                                 [](int left, int up, int) { return (left + up) / 2; });
        case filter_paeth: return add_predicted(row, above, n, pixel_bytes, paeth);
        default: return;
    }
}

void unpack_ids(const Header& header, const std::uint8_t* row, std::size_t pixels,
                std::uint32_t* ids) {
    if (header.color == Color::rgb) return unpack_colors<3>(row, pixels, ids);
    if (header.color == Color::rgba) return unpack_colors<4>(row, pixels, ids);
    switch (header.depth) {
        case 1: return unpack_bits<1>(row, pixels, ids);
        case 2: return unpack_bits<2>(row, pixels, ids);
        case 4: return unpack_bits<4>(row, pixels, ids);
        case 8:
            for (std::size_t x = 0; x < pixels; ++x) ids[x] = row[x];
            return;
        default:
            for (std::size_t x = 0; x < pixels; ++x)
                ids[x] = std::uint32_t{row[2 * x]} << 8 | row[2 * x + 1];
    }
}

}  // namespace panfuse::png

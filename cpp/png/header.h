// What a PNG file says of its image (the chunk IHDR), and which of that is a label map.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace panfuse::png {

enum class Color : std::uint8_t { gray = 0, rgb = 2, palette = 3, gray_alpha = 4, rgba = 6 };

// The rows of one image, or of one pass of an interlaced image.
struct Grid {
    std::uint32_t width = 0, height = 0;
};

struct Header {
    std::uint32_t width = 0, height = 0;  // 1 .. 2^31 - 1
    std::uint8_t depth = 0;               // bits of a sample
    Color color = Color::gray;
    bool interlaced = false;

    std::size_t pixel_bits() const {
        return depth * (color == Color::rgb ? 3u : color == Color::rgba ? 4u : 1u);
    }
    // The distance between a byte and the byte to its left, as filters count it.
    std::size_t pixel_bytes() const { return (pixel_bits() + 7) / 8; }
    std::size_t row_bytes(std::size_t pixels) const { return (pixels * pixel_bits() + 7) / 8; }

    // Bytes of the grid's filtered rows; a grid without pixels has none.
    std::uint64_t filtered_bytes(Grid grid) const {
        return grid.width == 0 ? 0 : grid.height * (1 + std::uint64_t{row_bytes(grid.width)});
    }
    // The same for the whole image, all passes of an interlaced one together.
    std::uint64_t filtered_bytes() const;
};

// Parses the 13 bytes of IHDR; FormatError if they break the specification, or if the image holds
// more than ids (RGB and RGBA of 16 bits, gray with alpha).
Header parse_header(std::span<const std::uint8_t> data);

}  // namespace panfuse::png

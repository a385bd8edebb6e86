// Adam7: the seven passes of an interlaced image (PNG specification, 8.2).
#pragma once

#include <array>
#include <cstdint>

#include "png/header.h"

namespace panfuse::png {

// A pass holds the pixels (x0 + i dx, y0 + j dy) of the image.
struct Pass {
    std::uint32_t x0, y0, dx, dy;

    Grid grid(const Header& header) const {
        const auto count = [](std::uint32_t length, std::uint32_t first, std::uint32_t step) {
            return length <= first ? 0 : (length - first - 1) / step + 1;
        };
        return {count(header.width, x0, dx), count(header.height, y0, dy)};
    }
};

inline constexpr std::array<Pass, 7> adam7{{{0, 0, 8, 8},
                                            {4, 0, 8, 8},
                                            {0, 4, 4, 8},
                                            {2, 0, 4, 4},
                                            {0, 2, 2, 4},
                                            {1, 0, 2, 2},
                                            {0, 1, 1, 2}}};

}  // namespace panfuse::png

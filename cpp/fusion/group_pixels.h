// Pixels that point at centres, as a map of the centres' numbers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "fusion/grouping.h"
#include "fusion/plane_views.h"
#include "support/image.h"

namespace panfuse::fusion {

// Writes, in C order, the number, from 1, of each foreground pixel's centre, and 0 elsewhere. The
// offsets are as Grouping takes them; the mask, if any, has the shape of the pixels.
void group_pixels(const ArrayView& offsets, const std::vector<Point>& centers,
                  const std::array<bool, 3>& circular, const std::optional<ArrayView>& foreground,
                  std::int32_t* ids, int threads);

}  // namespace panfuse::fusion

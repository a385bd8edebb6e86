// The peaks of a heatmap.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "support/image.h"

namespace panfuse::fusion {

struct CenterOptions {
    float threshold = 0.1f;       // a centre is above it, and above 0
    std::int64_t nms_kernel = 7;  // odd; a centre is the greatest in a square of that side
    bool circular[2] = {};        // by axis: whether the ends of the heatmap meet
    bool first = true;            // of equal pixels in a square only the first can be a centre
    bool nan_hides = true;        // NaN is greater than any number; otherwise less

    // The greatest centres that are kept: `exactly` that many, the first of equal ones; or those
    // that are greater than the last of them, where there are at least that many, or more.
    std::optional<std::int64_t> top_k;
    enum class Top : std::uint8_t { exactly, above_last, above_last_if_more } top = Top::exactly;
};

struct Center {
    float heat;
    std::int64_t y, x;
};

// In C order. The heatmap has the axes (H, W) and holds floats.
std::vector<Center> find_centers(const ArrayView& heatmap, const CenterOptions& options,
                                 int threads);

}  // namespace panfuse::fusion

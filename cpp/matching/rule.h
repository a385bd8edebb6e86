// When two segments match: the one decision of this room, shared by every device.
#pragma once

#include <cstdint>

#include "support/platform.h"

namespace panfuse::matching {

// Pixels of one segment of gt and one of pred.
struct Overlap {
    std::int64_t intersection, union_;
};

// Both below 2^53, so the quotient is correctly rounded, and above 1/2 just when 2 * intersection
// exceeds union_.
PF_HD inline double iou(const Overlap& overlap) {
    return static_cast<double>(overlap.intersection) / static_cast<double>(overlap.union_);
}

// `pred_void`: pixels of the pred segment that are void in gt and so belong to no union
// (panopticapi's rule); 0 where void counts.
PF_HD inline Overlap overlap(std::int64_t intersection, std::int64_t gt_area,
                             std::int64_t pred_area, std::int64_t pred_void) {
    // Unsigned, so that areas which no map has wrap around, and are refused by what they give.
    const auto bits = [](std::int64_t n) { return static_cast<std::uint64_t>(n); };
    return {intersection, static_cast<std::int64_t>(bits(gt_area) + bits(pred_area) -
                                                    bits(intersection) - bits(pred_void))};
}

// A pair of rows of the table that wants to be matched. Above a threshold of 1/2 a segment is in at
// most one such pair; below it the better pair goes first.
struct Candidate {
    double iou;
    std::int64_t row;
};

// A strict order: higher IoU first, the earlier row (smaller gt id, then pred id) on a tie.
PF_HD inline bool better(const Candidate& a, const Candidate& b) {
    return a.iou > b.iou || (a.iou == b.iou && a.row < b.row);
}

}  // namespace panfuse::matching

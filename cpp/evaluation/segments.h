// What JSON lists of the segments of one image, and how many pixels each pair of ids shares.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace panfuse::evaluation {

// Columns of one length, in JSON order. Predictions have neither crowds nor areas.
struct Listed {
    std::span<const std::int64_t> ids, category_ids;
    std::span<const std::uint8_t> is_crowd;
    std::span<const double> areas;  // nan: none given

    std::size_t size() const { return ids.size(); }
};

struct Pair {
    std::int64_t gt_id, pred_id, pixels;
};

// One image. `pairs` ascend by (gt id, pred id), each once.
struct Image {
    std::span<const Pair> pairs;
    Listed gt, pred;
    // How often a pixel of the map stands in the pairs: more than once only where panopticapi
    // stretches a map of one row or column over the other.
    std::int64_t gt_copies = 1, pred_copies = 1;
    // For messages: what the image is called, and each map.
    std::string name, gt_map, pred_map;
};

}  // namespace panfuse::evaluation

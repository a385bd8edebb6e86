// What the dialects of the score-ordered overlay ("heuristic merge") differ in. Which preset is
// which stands in python/panfuse/_fusion_instances_presets.py.
#pragma once

#include <cstdint>

#include "fusion/mask_kernels.h"

namespace panfuse::fusion {

// How much of a mask others may have taken.
enum class OverlapRule : std::uint8_t {
    ratio,          // shared / area > threshold, in float64
    single,         // the same in float32; a mask without pixels passes
    single_offset,  // shared / (area + 1e-5) > threshold, in float32
    remaining       // (area - shared) / area < 1 - threshold, in float64
};

// What semantic pixels of things become that no instance covers.
enum class Leftover : std::uint8_t { nothing, crowd };

// What masks of categories are that are no things.
enum class StuffMasks : std::uint8_t {
    refused,
    after_things,  // joined by category, best score first, once the things are laid
    among_things   // laid in the order of scores with the things
};

// How segments are numbered in the map of the preset's project.
enum class Numbering : std::uint8_t {
    in_order,            // 1.. as they are laid, those without pixels included
    category_and_index,  // category + 1000 * index, stuff its category
    category_and_rank,   // category, and from bit 32 on the index among its category's instances
    category_and_thing   // category, and from bit 32 on the index among all things
};

struct InstanceRules {
    double instance_threshold = 0.0;
    bool score_strict = false;       // above it, rather than at least it
    bool single_thresholds = false;  // scores are compared in float32
    Threshold mask{0.5f, false};
    OverlapRule overlap = OverlapRule::ratio;
    double overlap_things = 0.5, overlap_stuff = 0.5;
    std::int64_t stuff_area = 0;     // stuff with fewer pixels becomes void
    bool stuff_area_before = false;  // counted before instances are laid
    Leftover leftover = Leftover::nothing;
    StuffMasks stuff_masks = StuffMasks::refused;
    bool weigh_scores = false;   // by the square of the mean probability of the foreground
    bool empty_entries = false;  // whether what is left without a pixel takes a number
    Numbering numbering = Numbering::in_order;
};

}  // namespace panfuse::fusion

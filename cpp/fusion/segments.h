// The segments of a fused map: one row each, whatever the family of the fusion.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace panfuse::fusion {

inline constexpr int most_axes = 3;  // of a fused map

// A segment's id is its place among its map's segments, counted from 1.
struct Segment {
    std::int32_t category = 0;
    bool is_thing = false;
    bool is_crowd = false;  // instances that nobody told apart
    float score = std::numeric_limits<float>::quiet_NaN();
    std::int64_t area = 0;
    // The starts, last axis first, then the extents: (x, y, w, h) for an image.
    std::int32_t box[2 * most_axes] = {};
    std::int32_t source = -1;   // the index of the instance that was given
    std::int64_t original = 0;  // its value in the map of the preset's project
};

// What became of an instance that was given. The names stand in python/panfuse/_fusion_result.py.
enum class Decision : std::uint8_t {
    kept,
    score,    // below the threshold
    empty,    // no pixel
    overlap,  // covered by what was kept before
    area,     // too few pixels left
    category  // no class was voted for, or it is none of those that are fused
};

struct Fused {
    std::vector<Segment> segments;
    std::vector<Decision> decisions;  // by instance
};

}  // namespace panfuse::fusion

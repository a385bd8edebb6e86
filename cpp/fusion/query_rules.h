// What the dialects of query fusion (MaskFormer and its relatives) differ in. Which preset is which
// stands in python/panfuse/_fusion_queries_presets.py.
#pragma once

#include <cstdint>
#include <vector>

namespace panfuse::fusion {

// What a query's score and class are: the greatest of these, the first if several.
enum class QueryScore : std::uint8_t {
    softmax,         // of all classes, of which the last is none
    sigmoid,         // of each class
    sigmoid_softmax  // the softmax of sigmoids over `temperature`; the threshold is for the sigmoid
};

// When a query keeps enough of its mask, won / area being the part that it won.
enum class QueryOverlap : std::uint8_t {
    at_least,     // won / area >= threshold, in float64
    above_single  // won / area > threshold, the ratio being float32
};

// What a query's segment is in the map of the preset's project.
enum class QueryNumbering : std::uint8_t {
    from_one,         // 1, 2, ... as they are kept
    from_one_reused,  // the same, but counted on from the segment joined last
    from_zero,
    class_and_index,   // things: class + 1000 * (1, 2, ...); stuff: its class
    class_and_segment  // class, and from bit 32 on 0, 1, ...
};

struct QueryRules {
    QueryScore score = QueryScore::softmax;
    float temperature = 1.0f;
    float threshold = 0.0f;
    float mask_threshold = 0.5f;    // the least probability of foreground
    bool weigh_foreground = false;  // the least score times probability
    bool write_foreground = true;   // only pixels of the mask are written, not all that are won
    QueryOverlap overlap = QueryOverlap::at_least;
    double overlap_threshold = 0.0;
    QueryNumbering numbering = QueryNumbering::from_one;
};

struct QueryClasses {
    std::vector<std::int32_t> categories;  // by channel
    std::vector<std::uint8_t> things;      // by channel: whether it is a thing, which is not joined
};

}  // namespace panfuse::fusion

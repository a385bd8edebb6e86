// What the ops of this room are asked for, and the columns in which they answer.
//
// Every op has the same two steps on every device: an object whose `count()` does the work and says
// how many components each image has, then `write()` into memory that the caller has allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "labeling/rule.h"
#include "support/image.h"

namespace panfuse::labeling {

struct LabelOptions {
    int steps = 1;         // how many indices of neighbours may differ; 1 to the image's rank
    bool batched = false;  // the first axis counts independent images
    bool binary = false;   // all foreground is equal
    std::optional<std::uint64_t> background;  // the bytes of that value; none: all is foreground
};

struct Filters {
    std::optional<std::int64_t> min_area, max_area;  // pixels of what stays
    std::optional<std::int64_t> keep_largest;        // how many stay at most
    bool per_value = false;                          // so many of each value
    bool clear_border = false;                       // what touches the image's border goes
    std::optional<std::int64_t> fill_holes;          // the largest hole to fill, in pixels
    bool to_neighbor = false;  // what goes becomes part of a neighbour, not background

    bool remove() const { return min_area || max_area || keep_largest || clear_border; }
};

// One row a component; row k describes label k + 1. A batch has one set of columns, in which an
// image's rows follow those of the image before it. `rank` is that of an image.
struct ComponentColumns {
    void* value;                   // [n], in the image's dtype
    std::int64_t* area;            // [n]
    std::int64_t* start;           // [n * rank], by axis
    std::int64_t* stop;            // [n * rank], one past the last
    std::int32_t* bbox;            // [n * 2 * rank]: start, then extent, last axis first
    double* centroid;              // [n * rank], by axis
    std::int64_t* first;           // [n], index in C order
    std::uint8_t* touches_border;  // [n]
};

struct SplitOptions {
    int steps = 1;
    std::vector<OrderedId> things, ignored;  // category ids, ascending
    std::int64_t min_area = 0;               // of a component of a thing
};

// One row a segment; row k describes id k + 1.
struct SegmentColumns {
    std::int32_t* category_id;  // [n]
    std::uint8_t* is_thing;     // [n]
    std::int64_t* area;         // [n]
    std::int32_t* bbox;         // [n * 2 * rank]
};

// What is done to masks: to the last two axes of an array.
struct MaskOptions {
    enum class Rule : std::uint8_t { fill_holes, remove_small, clean_logits };
    Rule rule = Rule::fill_holes;
    int steps = 2;                          // of the foreground
    std::optional<std::int64_t> hole_area;  // the largest hole to fill; none: any
    std::int64_t least_area = 0;            // of the foreground that stays
    std::int64_t sprinkle_area = 0;         // the largest sprinkle to remove
};

// The options of a batch or of a single image: `rank` is that of an image.
inline int image_rank(const ArrayView& images, const LabelOptions& options) {
    return images.rank - (options.batched ? 1 : 0);
}

}  // namespace panfuse::labeling

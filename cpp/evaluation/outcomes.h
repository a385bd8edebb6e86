// What became of the segments of an image.
#pragma once

#include <cstdint>
#include <vector>

namespace panfuse::evaluation {

enum class Kind : std::int8_t { true_positive, false_positive, false_negative };

struct Outcome {
    double iou;  // 0 but for true positives
    std::int64_t category_id;
    Kind kind;
};

// What is unsound in the ground truth, though it can be judged.
enum class Finding : std::int8_t {
    area,      // a segment's listed area is not its pixels
    unlisted,  // an id of the map that JSON does not list
    unseen,    // a listed segment without a pixel
    crowds     // a category with several crowd segments
};

struct Note {
    Finding finding;
    std::int64_t segment;  // of `crowds`: the category
    double listed;         // the area; of `crowds`: how many; nan where there is none
    std::int64_t pixels;
};

// True positives ascend by (gt id, pred id); then come false negatives, then false positives, both
// in JSON order.
struct Judgement {
    std::vector<Outcome> outcomes;
    std::vector<Note> notes;
};

}  // namespace panfuse::evaluation

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

// The options of a batch or of a single image: `rank` is that of an image.
inline int image_rank(const ArrayView& images, const LabelOptions& options) {
    return images.rank - (options.batched ? 1 : 0);
}

}  // namespace panfuse::labeling

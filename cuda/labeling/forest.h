// The components of the images of a batch, as a forest of pixels on a device.
//
// Of each pixel stands its parent, an earlier pixel of its component, or `no_pixel` in the
// background. A root is its own parent, and the first pixel of its component. When roots are
// numbered, the number replaces the root's parent, under `is_label`.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <vector>

#include "cuda/labeling/pictures.h"
#include "cuda/support/call.h"
#include "cuda/support/ids.cuh"

namespace panfuse::cuda {

inline constexpr std::uint32_t is_label = 0x80000000u;

struct Forest {
    Pixel* parents;  // [items * pixels]
    std::int64_t items;
    labeling::Shape shape;

    PF_HD std::int64_t pixels() const { return shape.pixels(); }
    std::int64_t size() const { return items * pixels(); }
};

// Memory for the forest of such images.
Forest new_forest(const Pictures& pictures, const Call& call);

// Makes the forest, where pixels connect by `steps` (see labeling/rule.h). Two launches. Not for
// empty images.
void connect(const Pictures& pictures, int steps, const Forest& forest, const Call& call);

// Makes every parent a root. One launch.
void flatten(const Forest& forest, const Call& call);

// How many roots there are in the images before one; one entry more than images.
struct Ranks {
    const Word* bases;                 // on the device
    std::vector<std::int64_t> counts;  // by image

    std::int64_t count() const;
};

// Flattens, and numbers the roots of each image from 1 on. Two launches and a scan; waits for the
// stream once.
Ranks number_roots(const Forest& forest, const Call& call);

// Writes the labels of numbered forests, each `label_bytes` wide: 2, 4 or 8. One launch.
void write_labels(const Forest& forest, void* labels, std::size_t label_bytes, const Call& call);

}  // namespace panfuse::cuda

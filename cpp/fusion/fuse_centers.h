// Classes, a heatmap and offsets as one panoptic map: the centres are found, the pixels of things
// grouped, and each group's class voted for.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fusion/centers.h"
#include "fusion/classes.h"
#include "fusion/segments.h"
#include "fusion/semantic.h"
#include "fusion/vote_rule.h"
#include "support/image.h"

namespace panfuse::fusion {

struct CenterFusion {
    ArrayView semantic;                   // as Semantic takes it
    SemanticSize size;                    // of the output
    ArrayView heatmap;                    // (H, W), floats
    ArrayView offsets;                    // (2, H, W), floats
    std::optional<ArrayView> foreground;  // (H, W), integers or bools; otherwise what is of a thing
    ClassRules classes;
    CenterOptions centers;
    VoteRules rules;
};

// Writes the ids of the output's pixels, in C order. Sources are indices of the centres, scores
// their heats. std::invalid_argument names the argument that does not fit.
Fused fuse_centers(const CenterFusion& fusion, std::int32_t* ids, int threads);

}  // namespace panfuse::fusion

// A semantic map and one of instances as one panoptic map: each instance's class is voted for.
#pragma once

#include <cstdint>
#include <optional>

#include "fusion/classes.h"
#include "fusion/segments.h"
#include "fusion/vote_rule.h"
#include "support/image.h"

namespace panfuse::fusion {

struct VoteFusion {
    // Of one shape of rank 1 to 3, integers or bools; instances are numbered from 1.
    ArrayView semantic, instances;
    std::optional<ArrayView> foreground;  // of that shape
    // What is foreground where there is no mask: what is of a thing, or what is of an instance.
    bool things_are_foreground = false;
    // Floats in [0, 1]: of that shape, what each vote weighs; or with an axis of channels in front,
    // what each pixel gives to every label.
    std::optional<ArrayView> weights;
    ClassRules classes;
    VoteRules rules;
};

// Writes the ids of the pixels, in C order. Sources are ranks of the instances' numbers.
// std::invalid_argument names the argument that does not fit.
Fused fuse_votes(const VoteFusion& fusion, std::int32_t* ids, int threads);

}  // namespace panfuse::fusion

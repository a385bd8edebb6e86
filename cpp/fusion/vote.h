// The vote: which class each instance is of, and what becomes of every other pixel.
#pragma once

#include <cstdint>
#include <vector>

#include "fusion/cells.h"
#include "fusion/classes.h"
#include "fusion/segments.h"
#include "fusion/vote_rule.h"

namespace panfuse::fusion {

// Who votes, and for what.
struct Election {
    std::vector<Class> classes;        // by the code of a class
    std::vector<std::int64_t> labels;  // the value of each code
    // By instance, owner 1 first: the number that was given for it, and its score (none: the part
    // of its votes that its class has).
    std::vector<std::int64_t> numbers;
    std::vector<float> scores;
    // Whether votes weigh what Cell::weight says, instead of one a pixel.
    bool weighted = false;
    // Instead of votes of cells: what each code has by owner, at owner * classes + code. Or empty.
    std::vector<std::uint64_t> sums;
    VoteRules rules;
    int rank = 2;
};

// Decides on every cell, and gives each the id of its segment, or 0. Things come first, by
// instance, then stuff and crowds by category.
Fused decide(CellTable& table, const Election& election);

}  // namespace panfuse::fusion

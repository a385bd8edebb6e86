// Scores and classes of queries, and which are kept.
#pragma once

#include <cstdint>
#include <vector>

#include "fusion/query_rules.h"
#include "support/image.h"

namespace panfuse::fusion {

struct Query {
    std::int32_t index = 0;  // among those that were given
    std::int32_t channel = 0;
    float score = 0.0f;
};

// Queries of enough score whose class is one, in order. `class_logits` has the shape (Q, C + 1), or
// (Q, C) for sigmoids.
std::vector<Query> keep_queries(const ArrayView& class_logits, const QueryRules& rules);

}  // namespace panfuse::fusion

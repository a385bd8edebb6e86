// From what the queries won to the segments.
#pragma once

#include <cstdint>
#include <vector>

#include "fusion/query_rules.h"
#include "fusion/query_scores.h"
#include "fusion/segments.h"

namespace panfuse::fusion {

// Pixels from (left, top) to (right, bottom), which are part of it; none if `right` is negative.
struct PixelBox {
    std::int32_t left = INT32_MAX, top = INT32_MAX, right = -1, bottom = -1;

    void include(const PixelBox& other);
};

// What one query won.
struct QueryPart {
    std::int64_t area = 0;       // of its mask
    std::int64_t count[2] = {};  // pixels that it won: outside of its mask and inside
    PixelBox box[2];

    void add(const QueryPart& other);
};

struct QueryDecisions {
    Fused fused;                    // decisions by query that was given
    std::vector<std::int32_t> row;  // by kept query: its segment, -1 if none
};

QueryDecisions decide(const std::vector<Query>& kept, const std::vector<QueryPart>& parts,
                      std::int64_t queries, const QueryClasses& classes, const QueryRules& rules);

}  // namespace panfuse::fusion

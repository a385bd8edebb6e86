// Fusion of a query network's output (MaskFormer and its family) on the CPU.
//
// Classes come first, so that only queries of enough score are touched; then one pass finds every
// pixel's winner and what each query won; then the table is decided, and the winners become ids.
#pragma once

#include <cstdint>
#include <vector>

#include "fusion/query_chain.h"
#include "fusion/query_decisions.h"
#include "fusion/query_rules.h"
#include "support/image.h"

namespace panfuse::fusion {

// `mask_logits` has the shape (Q, h, w), `class_logits` (Q, channels), of floats. Writes the ids of
// the last step's cropped size. std::invalid_argument names what does not fit.
QueryDecisions fuse_queries(const ArrayView& mask_logits, const ArrayView& class_logits,
                            const std::vector<ResizeStep>& steps, const QueryClasses& classes,
                            const QueryRules& rules, int threads, std::int32_t* ids,
                            std::vector<Query>& kept);

}  // namespace panfuse::fusion

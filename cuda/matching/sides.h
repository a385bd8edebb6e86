// The two maps of a pair, as indices.
#pragma once

namespace panfuse::cuda {

inline constexpr int gt_side = 0, pred_side = 1;

}  // namespace panfuse::cuda

// Which components stay, and what becomes of the others.
#pragma once

#include <cstdint>

#include "cuda/labeling/pictures.h"
#include "cuda/labeling/sums.h"
#include "cuda/support/call.h"
#include "labeling/columns.h"

namespace panfuse::cuda {

// By row, the row that it becomes part of: itself, a neighbour, or `no_row`. In the order that
// tests/reference/labeling.py gives, after holes are filled. Two launches; up to four more and
// three sorts for `keep_largest`; four more, a sort and a wait for the stream for `to_neighbor`.
const std::uint32_t* choose_owners(const Rows& rows, const Pictures& pictures,
                                   const labeling::Filters& filters, int rank, const Call& call);

// Sets the owners of removed rows to the kept neighbours with which they share the most faces.
void find_neighbors(const Rows& rows, const std::uint8_t* kept, std::uint32_t* owners,
                    const Call& call);

}  // namespace panfuse::cuda

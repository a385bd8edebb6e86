// Maps of segment ids to every segment's runs, on a device: the twin of the core's function.
#pragma once

#include <vector>

#include "cuda/support/call.h"
#include "rle/ids.h"
#include "support/image.h"

namespace panfuse::cuda {

// As rle::encode_ids; runs alone come to the host. Four launches, two scans, and a sort if there
// are two ids, for all maps together; waits for the stream twice, and once more for more segments
// than 1024 a map.
std::vector<rle::Segments> encode_ids(const ArrayView& ids, const rle::IdOptions& options,
                                      const Call& call);

}  // namespace panfuse::cuda

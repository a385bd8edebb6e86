// A map of segment ids to every segment's runs, in one pass, and back.
//
// A row is compared with the row above, which leaves a bit where a column changes; the bits of a
// stripe of columns are transposed, and then name the runs in the order of COCO's counts. From
// there on all work is paid per run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rle/masks.h"
#include "support/image.h"

namespace panfuse::rle {

// The segments of one map, ascending by id, in columns.
struct Segments {
    Size size;
    std::vector<std::int32_t> ids;
    std::vector<std::int64_t> areas;
    std::vector<Box> boxes;
    std::vector<std::int64_t> starts;  // of each segment's counts, and one more
    Counts counts;                     // canonical
};

struct IdOptions {
    std::optional<std::int32_t> background = 0;  // none: every pixel belongs to a segment
    bool batched = false;
};

// ValueError's std::invalid_argument if the maps have not two axes each (after that of the batch)
// of sides and pixels that masks can have.
void check_maps(const ArrayView& ids, const IdOptions& options);

// The segments of each map. std::invalid_argument, which names it, if an id does not fit int32.
std::vector<Segments> encode_ids(const ArrayView& ids, const IdOptions& options,
                                 std::optional<int> threads);

}  // namespace panfuse::rle

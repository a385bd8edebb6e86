// The tables of this room as columns: how long they are, and where they are to be written.
//
// Every op has the same two steps on every device: an object whose `count()` does the work and says
// how long each column will be, then `write()` into columns that the caller has allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/image.h"

namespace panfuse::matching {

struct ContingencyOptions {
    bool batched = false;                             // the first axis counts independent maps
    std::vector<OrderedId> ignored_gt, ignored_pred;  // ascending; these ids become 0
};

struct ContingencySize {
    std::int64_t pairs = 0, gt_labels = 0, pred_labels = 0;
};

// Ids are written in the dtype of their map; pairs ascend by (gt id, pred id), labels by id. A
// batch has one set of columns, in which an item's rows follow those of the item before it, so that
// item i begins at the sum of the sizes of the items before. The lengths named here are such sums.
struct ContingencyColumns {
    void* gt_ids;              // [pairs]
    void* pred_ids;            // [pairs]
    std::int64_t* counts;      // [pairs]
    void* gt_labels;           // [gt_labels]
    std::int64_t* gt_areas;    // [gt_labels]
    void* pred_labels;         // [pred_labels]
    std::int64_t* pred_areas;  // [pred_labels]
};

// Where the columns go on after these rows.
PF_HD inline ContingencyColumns after(const ContingencyColumns& columns,
                                      const ContingencySize& rows, Dtype gt, Dtype pred) {
    const auto ids_after = [](void* ids, std::int64_t n, Dtype dtype) -> void* {
        return static_cast<std::byte*>(ids) + n * dtype.bytes;
    };
    return {ids_after(columns.gt_ids, rows.pairs, gt),
            ids_after(columns.pred_ids, rows.pairs, pred),
            columns.counts + rows.pairs,
            ids_after(columns.gt_labels, rows.gt_labels, gt),
            columns.gt_areas + rows.gt_labels,
            ids_after(columns.pred_labels, rows.pred_labels, pred),
            columns.pred_areas + rows.pred_labels};
}

// A contingency table to be read; columns as above, of one item.
struct ContingencyTable {
    Dtype gt_dtype, pred_dtype;
    ContingencySize size;
    const void* gt_ids;
    const void* pred_ids;
    const std::int64_t* counts;
    const void* gt_labels;
    const std::int64_t* gt_areas;
    const void* pred_labels;
    const std::int64_t* pred_areas;
};

struct MatchOptions {
    double iou_threshold = 0.5;  // a pair matches above it; in [0, 1)
    bool ignore_void = true;     // pixels that are void (0) in gt count for no union
};

struct MatchSize {
    std::int64_t matches = 0, unmatched_gt = 0, unmatched_pred = 0;
};

// Matches ascend by (gt id, pred id), unmatched ids ascend.
struct MatchColumns {
    void* gt_ids;                // [matches]
    void* pred_ids;              // [matches]
    double* iou;                 // [matches]
    std::int64_t* intersection;  // [matches]
    std::int64_t* union_;        // [matches]
    void* unmatched_gt;          // [unmatched_gt]
    void* unmatched_pred;        // [unmatched_pred]
};

}  // namespace panfuse::matching

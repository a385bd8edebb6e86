// How kernels read a contingency table. Ids are in sortable form.
#pragma once

#include <cstdint>

#include "cuda/matching/sides.h"
#include "cuda/support/ids.cuh"
#include "cuda/support/launch.h"
#include "matching/columns.h"
#include "matching/rule.h"

namespace panfuse::cuda {

__device__ inline std::int64_t label_count(const matching::ContingencyTable& table, int side) {
    return side == gt_side ? table.size.gt_labels : table.size.pred_labels;
}

__device__ inline Dtype dtype_of(const matching::ContingencyTable& table, int side) {
    return side == gt_side ? table.gt_dtype : table.pred_dtype;
}

// Id 0 in sortable form.
__device__ inline Word void_id(const matching::ContingencyTable& table, int side) {
    return sign_bit(dtype_of(table, side));
}

__device__ inline Word label_at(const matching::ContingencyTable& table, std::int64_t label,
                                int side) {
    return load_sortable(side == gt_side ? table.gt_labels : table.pred_labels, label,
                         dtype_of(table, side));
}

__device__ inline Word id_at(const matching::ContingencyTable& table, std::int64_t row, int side) {
    return load_sortable(side == gt_side ? table.gt_ids : table.pred_ids, row,
                         dtype_of(table, side));
}

// The first of `size` places whose entry is not before the one that is sought.
template <class Before>
__device__ std::int64_t lower_bound(std::int64_t size, Before before) {
    std::int64_t low = 0, high = size;
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        if (before(middle))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// The place of an id among the labels, or -1.
__device__ inline std::int64_t find_label(const matching::ContingencyTable& table, Word id,
                                          int side) {
    const std::int64_t size = label_count(table, side);
    const std::int64_t place =
        lower_bound(size, [&](std::int64_t i) { return label_at(table, i, side) < id; });
    return place < size && label_at(table, place, side) == id ? place : -1;
}

// Pixels of a pred segment that are void in gt.
__device__ inline std::int64_t void_overlap(const matching::ContingencyTable& table, Word pred) {
    const Word gt = void_id(table, gt_side);
    const auto before = [&](std::int64_t row) {
        const Word other = id_at(table, row, gt_side);
        return other < gt || (other == gt && id_at(table, row, pred_side) < pred);
    };
    const std::int64_t row = lower_bound(table.size.pairs, before);
    const bool found = row < table.size.pairs && id_at(table, row, gt_side) == gt &&
                       id_at(table, row, pred_side) == pred;
    return found ? table.counts[row] : 0;
}

// Of a row of segments, whose labels stand at these places.
__device__ inline matching::Overlap overlap_of(const matching::ContingencyTable& table,
                                               bool ignore_void, std::int64_t row,
                                               std::int64_t gt_label, std::int64_t pred_label) {
    const std::int64_t in_void =
        ignore_void ? void_overlap(table, id_at(table, row, pred_side)) : 0;
    return matching::overlap(table.counts[row], table.gt_areas[gt_label],
                             table.pred_areas[pred_label], in_void);
}

}  // namespace panfuse::cuda

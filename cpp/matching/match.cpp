#include "matching/match.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "matching/id_column.h"

namespace panfuse::matching {
namespace {

[[noreturn]] void out_of_order(const char* name, std::size_t element) {
    throw std::invalid_argument(std::string("contingency.") + name +
                                ": expected ascending ids without repeats; element " +
                                std::to_string(element) + " is out of order");
}

void check_ascending(const IdReader& ids, std::int64_t n, const char* name) {
    for (std::size_t i = 1; i < static_cast<std::size_t>(n); ++i)
        if (ids[i - 1] >= ids[i]) out_of_order(name, i);
}

// The index of `id` among ascending labels.
std::size_t find(const IdReader& labels, std::int64_t n, OrderedId id, const char* name,
                 std::size_t row) {
    std::size_t low = 0, high = static_cast<std::size_t>(n);
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (labels[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == static_cast<std::size_t>(n) || labels[low] != id)
        throw std::invalid_argument(std::string("contingency.") + name + ": the id of row " +
                                    std::to_string(row) + " is missing");
    return low;
}

// The segments among the labels that nothing has taken, by their bytes.
std::vector<std::uint64_t> left(const void* labels, Dtype dtype, const std::vector<bool>& taken) {
    const IdReader ids(labels, dtype);
    std::vector<std::uint64_t> found;
    for (std::size_t i = 0; i < taken.size(); ++i)
        if (!taken[i] && ids.raw(i) != 0) found.push_back(ids.raw(i));
    return found;
}

}  // namespace

Match::Match(const ContingencyTable& table, const MatchOptions& options)
    : table_(table), options_(options) {
    if (!(options_.iou_threshold >= 0 && options_.iou_threshold < 1))
        throw std::invalid_argument("iou_threshold: expected a number in [0, 1), got " +
                                    std::to_string(options_.iou_threshold));
}

// Each row of the table with its overlap; rows of void on either side come out as {0, 0}.
std::vector<Match::Row> Match::rows() const {
    const IdReader gt(table_.gt_ids, table_.gt_dtype), pred(table_.pred_ids, table_.pred_dtype);
    const IdReader gt_labels(table_.gt_labels, table_.gt_dtype);
    const IdReader pred_labels(table_.pred_labels, table_.pred_dtype);
    const auto& [pairs, gt_count, pred_count] = table_.size;
    check_ascending(gt_labels, gt_count, "gt_labels");
    check_ascending(pred_labels, pred_count, "pred_labels");
    const OrderedId gt_void = to_ordered(0, table_.gt_dtype);
    const OrderedId pred_void = to_ordered(0, table_.pred_dtype);

    std::vector<Row> rows(static_cast<std::size_t>(pairs));
    std::vector<std::int64_t> in_void(static_cast<std::size_t>(pred_count));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i > 0 && std::pair(gt[i - 1], pred[i - 1]) >= std::pair(gt[i], pred[i]))
            out_of_order("gt_ids", i);
        rows[i] = {{},
                   find(gt_labels, gt_count, gt[i], "gt_labels", i),
                   find(pred_labels, pred_count, pred[i], "pred_labels", i)};
        if (gt[i] == gt_void && options_.ignore_void) in_void[rows[i].pred] = table_.counts[i];
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (gt[i] == gt_void || pred[i] == pred_void) continue;
        Row& row = rows[i];
        row.overlap = overlap(table_.counts[i], table_.gt_areas[row.gt],
                              table_.pred_areas[row.pred], in_void[row.pred]);
        if (row.overlap.intersection < 1 || row.overlap.union_ < row.overlap.intersection)
            throw std::invalid_argument("contingency.counts: element " + std::to_string(i) +
                                        " does not fit the areas of its labels");
    }
    return rows;
}

MatchSize Match::count() {
    const std::vector<Row> all = rows();
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].overlap.intersection == 0) continue;
        const Candidate candidate{iou(all[i].overlap), static_cast<std::int64_t>(i)};
        if (candidate.iou > options_.iou_threshold) candidates.push_back(candidate);
    }
    std::sort(candidates.begin(), candidates.end(), better);

    std::vector<bool> gt_taken(static_cast<std::size_t>(table_.size.gt_labels));
    std::vector<bool> pred_taken(static_cast<std::size_t>(table_.size.pred_labels));
    matches_.clear();
    for (const Candidate& candidate : candidates) {
        const Row& row = all[static_cast<std::size_t>(candidate.row)];
        if (gt_taken[row.gt] || pred_taken[row.pred]) continue;
        gt_taken[row.gt] = pred_taken[row.pred] = true;
        matches_.emplace_back(candidate.row, row);
    }
    std::sort(matches_.begin(), matches_.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });

    unmatched_gt_ = left(table_.gt_labels, table_.gt_dtype, gt_taken);
    unmatched_pred_ = left(table_.pred_labels, table_.pred_dtype, pred_taken);
    return {static_cast<std::int64_t>(matches_.size()),
            static_cast<std::int64_t>(unmatched_gt_.size()),
            static_cast<std::int64_t>(unmatched_pred_.size())};
}

void Match::write(const MatchColumns& columns) const {
    const IdReader gt(table_.gt_ids, table_.gt_dtype), pred(table_.pred_ids, table_.pred_dtype);
    IdWriter gt_out(columns.gt_ids, table_.gt_dtype), pred_out(columns.pred_ids, table_.pred_dtype);
    for (std::size_t i = 0; i < matches_.size(); ++i) {
        const auto& [row, match] = matches_[i];
        gt_out.push(gt.raw(static_cast<std::size_t>(row)));
        pred_out.push(pred.raw(static_cast<std::size_t>(row)));
        columns.iou[i] = iou(match.overlap);
        columns.intersection[i] = match.overlap.intersection;
        columns.union_[i] = match.overlap.union_;
    }
    IdWriter gt_left(columns.unmatched_gt, table_.gt_dtype);
    for (const std::uint64_t id : unmatched_gt_) gt_left.push(id);
    IdWriter pred_left(columns.unmatched_pred, table_.pred_dtype);
    for (const std::uint64_t id : unmatched_pred_) pred_left.push(id);
}

}  // namespace panfuse::matching

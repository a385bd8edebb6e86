// The pairs of one item in order, and the labels of both sides: what becomes the columns.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "matching/columns.h"
#include "matching/id_column.h"
#include "matching/pair_table.h"
#include "support/radix_sort.h"

namespace panfuse::matching {

class SortedPairs {
  public:
    virtual ~SortedPairs() = default;
    virtual ContingencySize size() const = 0;
    virtual void write(const ContingencyColumns& columns) const = 0;
};

// Ids to ignore on one side, in an order that no dtype changes: by their bytes.
class IgnoredIds {
  public:
    IgnoredIds(const std::vector<OrderedId>& ids, Dtype dtype)
        : is_bool_(dtype.kind == Dtype::Kind::boolean) {
        const std::uint64_t mask = ~std::uint64_t{0} >> (64 - 8 * dtype.bytes);
        for (const OrderedId id : ids) ids_.push_back(from_ordered(id, dtype) & mask);
        std::sort(ids_.begin(), ids_.end());
    }

    // Whether every id stays what its bytes say.
    bool none() const { return ids_.empty() && !is_bool_; }

    // The bytes of the id that `raw` counts as.
    std::uint64_t operator()(std::uint64_t raw) const {
        if (is_bool_) raw = raw != 0;
        return std::binary_search(ids_.begin(), ids_.end(), raw) ? 0 : raw;
    }

  private:
    bool is_bool_;
    std::vector<std::uint64_t> ids_;
};

template <class Key>
class SortedPairsOf final : public SortedPairs {
  public:
    // `pairs` as counted, in no order, a key perhaps more than once.
    SortedPairsOf(Pairs<Key> pairs, Dtype gt, Dtype pred, const ContingencyOptions& options)
        : gt_(gt), pred_(pred), pairs_(std::move(pairs)) {
        const IgnoredIds ignored_gt(options.ignored_gt, gt),
            ignored_pred(options.ignored_pred, pred);
        if (!ignored_gt.none() || !ignored_pred.none())
            for (PairCount<Key>& pair : pairs_)
                pair.key = Key::of(ignored_gt(pair.key.gt()), ignored_pred(pair.key.pred()));

        // Sorting by gt keeps the order by pred, which gives the labels of pred on the way.
        Pairs<Key> scratch;
        radix_sort(pairs_, scratch, [sign = sign_bit(pred)](const PairCount<Key>& pair) {
            return pair.key.pred() ^ sign;
        });
        pred_labels_.reserve(pairs_.size());
        for (const auto& [key, count] : pairs_) {
            if (pred_labels_.empty() || pred_labels_.back().id != key.pred())
                pred_labels_.push_back({key.pred(), 0});
            pred_labels_.back().area += count;
        }
        radix_sort(pairs_, scratch, [sign = sign_bit(gt)](const PairCount<Key>& pair) {
            return pair.key.gt() ^ sign;
        });
        merge_equal(pairs_);
        for (std::size_t i = 0; i < pairs_.size(); ++i) gt_labels_ += starts_label(i);
    }

    ContingencySize size() const override {
        return {static_cast<std::int64_t>(pairs_.size()), gt_labels_,
                static_cast<std::int64_t>(pred_labels_.size())};
    }

    void write(const ContingencyColumns& columns) const override {
        IdWriter gt_ids(columns.gt_ids, gt_), pred_ids(columns.pred_ids, pred_);
        IdWriter gt_labels(columns.gt_labels, gt_), pred_labels(columns.pred_labels, pred_);
        std::int64_t label = -1;
        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            const auto& [key, count] = pairs_[i];
            gt_ids.push(key.gt());
            pred_ids.push(key.pred());
            columns.counts[i] = count;
            if (starts_label(i)) {
                gt_labels.push(key.gt());
                columns.gt_areas[++label] = 0;
            }
            columns.gt_areas[label] += count;
        }
        for (std::size_t i = 0; i < pred_labels_.size(); ++i) {
            pred_labels.push(pred_labels_[i].id);
            columns.pred_areas[i] = pred_labels_[i].area;
        }
    }

  private:
    struct Label {
        std::uint64_t id;  // its bytes
        std::int64_t area;
    };

    bool starts_label(std::size_t pair) const {
        return pair == 0 || pairs_[pair].key.gt() != pairs_[pair - 1].key.gt();
    }

    Dtype gt_, pred_;
    Pairs<Key> pairs_;  // ascending, unique
    std::int64_t gt_labels_ = 0;
    UninitializedVector<Label> pred_labels_;  // ascending
};

}  // namespace panfuse::matching

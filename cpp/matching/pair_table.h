// Counts by pair of ids, one call of `add` per run.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "support/radix_sort.h"

namespace panfuse::matching {

// Two ids of at most 32 bits as one number; sorts as (gt, pred) where the ids do.
struct NarrowKey {
    std::uint64_t both;

    static NarrowKey of(std::uint64_t gt, std::uint64_t pred) { return {gt << 32 | pred}; }
    std::uint64_t gt() const { return both >> 32; }
    std::uint64_t pred() const { return both & 0xFFFFFFFF; }
    std::uint64_t hash() const { return both * 0x9E3779B97F4A7C15u; }
    bool operator==(const NarrowKey&) const = default;
    bool operator<(const NarrowKey& other) const { return both < other.both; }
};

struct WideKey {
    std::uint64_t gt_id, pred_id;

    static WideKey of(std::uint64_t gt, std::uint64_t pred) { return {gt, pred}; }
    std::uint64_t gt() const { return gt_id; }
    std::uint64_t pred() const { return pred_id; }
    std::uint64_t hash() const {
        const std::uint64_t mixed = (gt_id ^ gt_id >> 32) * 0xC2B2AE3D27D4EB4Fu + pred_id;
        return (mixed ^ mixed >> 32) * 0x9E3779B97F4A7C15u;
    }
    bool operator==(const WideKey&) const = default;
    bool operator<(const WideKey& other) const {
        return gt_id != other.gt_id ? gt_id < other.gt_id : pred_id < other.pred_id;
    }
};

template <class Key>
struct PairCount {
    Key key;
    std::int64_t count;
};

inline void sort_pairs(std::vector<PairCount<NarrowKey>>& pairs) {
    radix_sort(pairs, [](const PairCount<NarrowKey>& pair) { return pair.key.both; });
}

inline void sort_pairs(std::vector<PairCount<WideKey>>& pairs) {
    radix_sort(pairs, [](const PairCount<WideKey>& pair) { return pair.key.pred_id; });
    radix_sort(pairs, [](const PairCount<WideKey>& pair) { return pair.key.gt_id; });
}

// Adds up neighbours with equal keys.
template <class Key>
void merge_equal(std::vector<PairCount<Key>>& sorted) {
    std::size_t last = 0;
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (sorted[i].key == sorted[last].key)
            sorted[last].count += sorted[i].count;
        else
            sorted[++last] = sorted[i];
    }
    if (!sorted.empty()) sorted.resize(last + 1);
}

// Pairs of 8-bit ids: one counter each, no search.
class DenseTable {
 public:
    using Key = NarrowKey;

    void add(std::uint64_t gt, std::uint64_t pred, std::uint32_t pixels) {
        counts_[gt << 8 | pred] += pixels;
    }

    // The pairs counted so far, in no order, and an empty table.
    std::vector<PairCount<Key>> take() {
        std::vector<PairCount<Key>> pairs;
        for (std::size_t i = 0; i < counts_.size(); i += 8) {
            std::uint64_t any = 0;
            for (std::size_t j = i; j < i + 8; ++j) any |= counts_[j];
            if (any == 0) continue;
            for (std::size_t j = i; j < i + 8; ++j) {
                if (counts_[j] == 0) continue;
                pairs.push_back({Key::of(j >> 8, j & 255), static_cast<std::int64_t>(counts_[j])});
                counts_[j] = 0;
            }
        }
        return pairs;
    }

 private:
    std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(65536);
};

// Open addressing with linear probing, at most half full. Past `most_slots` nearly every run is a
// new pair: then runs are only written down, and sorted when there are many.
template <class Key_>
class HashTable {
 public:
    using Key = Key_;

    void add(std::uint64_t gt, std::uint64_t pred, std::uint32_t pixels) {
        const Key key = Key::of(gt, pred);
        Slot& slot = slots_[key.hash() >> shift_];
        if (slot.key == key && slot.count != 0) [[likely]]
            slot.count += pixels;
        else
            add_elsewhere(key, pixels);
    }

    std::vector<PairCount<Key>> take() {
        std::vector<PairCount<Key>> pairs = std::move(written_down_);
        written_down_ = {};
        compact_at_ = first_compaction;
        pairs.reserve(pairs.size() + used_.size());
        for (const std::uint32_t index : used_) {
            pairs.push_back(slots_[index]);
            slots_[index] = {};
        }
        used_.clear();
        return pairs;
    }

 private:
    using Slot = PairCount<Key>;  // count == 0: free

    static constexpr int first_bits = 13, most_bits = 18;
    static constexpr std::size_t first_compaction = std::size_t{1} << 22;

    [[gnu::noinline]] void add_elsewhere(Key key, std::int64_t pixels) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t index = key.hash() >> shift_;
        while (slots_[index].count != 0 && !(slots_[index].key == key)) index = (index + 1) & mask;
        if (slots_[index].count == 0) {
            if (2 * (used_.size() + 1) > slots_.size()) {
                if (64 - shift_ == most_bits) return write_down(key, pixels);
                grow();
                return add_elsewhere(key, pixels);
            }
            used_.push_back(static_cast<std::uint32_t>(index));
            slots_[index].key = key;
        }
        slots_[index].count += pixels;
    }

    void grow() {
        const std::vector<Slot> old = std::move(slots_);
        const std::vector<std::uint32_t> old_used = std::move(used_);
        slots_ = std::vector<Slot>(old.size() * 8 <= (std::size_t{1} << most_bits)
                                       ? old.size() * 8
                                       : std::size_t{1} << most_bits);
        used_ = {};
        shift_ = 64 - __builtin_ctzll(slots_.size());
        for (const std::uint32_t index : old_used) add_elsewhere(old[index].key, old[index].count);
    }

    void write_down(Key key, std::int64_t pixels) {
        written_down_.push_back({key, pixels});
        if (written_down_.size() < compact_at_) return;
        sort_pairs(written_down_);
        merge_equal(written_down_);
        compact_at_ = std::max(first_compaction, 2 * written_down_.size());
    }

    std::vector<Slot> slots_ = std::vector<Slot>(std::size_t{1} << first_bits);
    std::vector<std::uint32_t> used_;  // indices of slots in use
    std::vector<PairCount<Key>> written_down_;
    std::size_t compact_at_ = first_compaction;
    int shift_ = 64 - first_bits;
};

}  // namespace panfuse::matching

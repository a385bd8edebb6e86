// Counts by pair of ids, one call of `add` per run.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
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

// Pairs of 8-bit ids: one counter each, no search. Ids up to 126 and 255, which is often void, have
// a table that is quick to clear and to read; the other ids' table is made when one occurs.
class DenseTable {
  public:
    using Key = NarrowKey;

    explicit DenseTable(std::int64_t) : low_(low_ids * low_ids) {}

    void add(std::uint64_t gt, std::uint64_t pred, std::uint32_t pixels) {
        const std::uint64_t row = (gt + 1) & 255, column = (pred + 1) & 255;
        if ((row | column) < low_ids) [[likely]]
            low_[row * low_ids + column] += pixels;
        else
            add_high(row, column, pixels);
    }

    // To be called after every stretch of that many pixels: no counter may pass 32 bits.
    void end_stretch(std::size_t pixels) {
        pixels_ += pixels;
        if (pixels_ > most_pixels) move_counts();
    }

    // The pairs counted so far, in no order and perhaps repeated, and an empty table.
    std::vector<PairCount<Key>> take() {
        move_counts();
        return std::exchange(pairs_, {});
    }

  private:
    static constexpr std::size_t low_ids = 128, all_ids = 256;
    static constexpr std::size_t most_pixels = std::size_t{1} << 31;

    [[gnu::noinline]] void add_high(std::size_t row, std::size_t column, std::uint32_t pixels) {
        if (high_.empty()) high_.resize(all_ids * all_ids);
        high_[row * all_ids + column] += pixels;
    }

    void move_counts() {
        move_counts(low_, low_ids);
        move_counts(high_, all_ids);
        pixels_ = 0;
    }

    void move_counts(std::vector<std::uint32_t>& counts, std::size_t ids) {
        constexpr std::size_t block = 64;
        for (std::size_t i = 0; i < counts.size(); i += block) {
            std::uint32_t any = 0;
            for (std::size_t j = i; j < i + block; ++j) any |= counts[j];
            if (any == 0) continue;
            for (std::size_t j = i; j < i + block; ++j) {
                if (counts[j] == 0) continue;
                pairs_.push_back(
                    {Key::of((j / ids - 1) & 255, (j % ids - 1) & 255), std::int64_t{counts[j]}});
                counts[j] = 0;
            }
        }
    }

    std::vector<std::uint32_t> low_, high_;  // by (gt + 1) mod 256, (pred + 1) mod 256
    std::vector<PairCount<Key>> pairs_;
    std::size_t pixels_ = 0;
};

// Open addressing over slots in pairs: a key is nearly always in one of the two slots of its home,
// which are told apart without a branch. Past `most_bits` nearly every run is a new pair: then runs
// are only written down, and sorted when there are many.
template <class Key_>
class HashTable {
  public:
    using Key = Key_;

    // Sized for a natural map of that many pixels; grows as needed.
    explicit HashTable(std::int64_t pixels) {
        std::size_t slots = std::size_t{1} << least_bits;
        while (slots < std::size_t{1} << first_bits &&
               64 * slots < static_cast<std::size_t>(pixels))
            slots *= 2;
        resize(slots);
    }

    void add(std::uint64_t gt, std::uint64_t pred, std::uint32_t pixels) {
        const Key key = Key::of(gt, pred);
        Slot* slot = &slots_[home(key)];
        slot += slot[1].key == key;
        if (slot->key == key) [[likely]]
            slot->count += pixels;
        else
            add_elsewhere(key, pixels);
    }

    void end_stretch(std::size_t) {}

    // The pairs counted so far, in no order and perhaps repeated, and an empty table.
    std::vector<PairCount<Key>> take() {
        std::vector<PairCount<Key>> pairs = std::exchange(written_down_, {});
        compact_at_ = first_compaction;
        pairs.reserve(pairs.size() + used_.size());
        for (const std::uint32_t index : used_) {
            pairs.push_back(slots_[index]);
            slots_[index] = {};
        }
        free_first_slots();
        used_.clear();
        return pairs;
    }

  private:
    using Slot = PairCount<Key>;  // count == 0: free

    static constexpr int least_bits = 6, first_bits = 12, most_bits = 18;
    static constexpr std::size_t first_compaction = std::size_t{1} << 22;

    std::size_t home(Key key) const { return key.hash() >> shift_ << 1; }

    [[gnu::noinline]] void add_elsewhere(Key key, std::int64_t pixels) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t index = home(key);
        while (slots_[index].count != 0 && !(slots_[index].key == key)) index = (index + 1) & mask;
        if (slots_[index].count == 0) {
            if (2 * (used_.size() + 1) > slots_.size()) {
                if (slots_.size() == std::size_t{1} << most_bits) return write_down(key, pixels);
                resize(4 * slots_.size());
                return add_elsewhere(key, pixels);
            }
            used_.push_back(static_cast<std::uint32_t>(index));
            slots_[index].key = key;
        }
        slots_[index].count += pixels;
    }

    void resize(std::size_t slots) {
        const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
        const std::vector<std::uint32_t> old_used = std::exchange(used_, {});
        free_first_slots();
        shift_ = 64 - __builtin_ctzll(slots / 2);
        for (const std::uint32_t index : old_used) add_elsewhere(old[index].key, old[index].count);
    }

    // `add` only compares keys. The key 0 of a free slot is at home in the first slots, so these
    // hold another while they are free.
    void free_first_slots() { slots_[0] = slots_[1] = {Key::of(0, 1), 0}; }

    void write_down(Key key, std::int64_t pixels) {
        written_down_.push_back({key, pixels});
        if (written_down_.size() < compact_at_) return;
        sort_pairs(written_down_);
        merge_equal(written_down_);
        compact_at_ = std::max(first_compaction, 2 * written_down_.size());
    }

    std::vector<Slot> slots_;
    std::vector<std::uint32_t> used_;  // indices of slots in use
    std::vector<PairCount<Key>> written_down_;
    std::size_t compact_at_ = first_compaction;
    int shift_ = 0;
};

}  // namespace panfuse::matching

// Counts by pair of ids, paid per run.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/radix_sort.h"
#include "support/uninitialized.h"

namespace panfuse::matching {

// Two ids of at most 32 bits as one number.
struct NarrowKey {
    std::uint64_t both;

    static NarrowKey of(std::uint64_t gt, std::uint64_t pred) { return {gt << 32 | pred}; }
    std::uint64_t gt() const { return both >> 32; }
    std::uint64_t pred() const { return both & 0xFFFFFFFF; }
    std::uint64_t hash() const { return both * 0x9E3779B97F4A7C15u; }
    bool operator==(const NarrowKey&) const = default;
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
};

template <class Key>
struct PairCount {
    Key key;
    std::int64_t count;
};

template <class Key>
using Pairs = UninitializedVector<PairCount<Key>>;

// Adds up neighbours with equal keys.
template <class Key>
void merge_equal(Pairs<Key>& sorted) {
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

    explicit DenseTable(std::int64_t) {}

    // Adds the runs of a stretch, which start at starts[0 .. runs) and end where the next starts.
    void add_runs(const std::uint8_t* gt, const std::uint8_t* pred, const std::uint16_t* starts,
                  std::size_t runs) {
        std::uint32_t* const counts = counts_.data();
        for (std::size_t i = 0; i < runs; ++i) {
            const std::uint32_t x = starts[i];
            counts[gt[x] << 8 | pred[x]] += starts[i + 1] - x;
        }
        pixels_ += starts[runs];
        if (pixels_ > most_pixels) move_counts();  // no counter may pass 32 bits
    }

    // The pairs counted so far, in no order and perhaps repeated, and an empty table.
    Pairs<Key> take() {
        move_counts();
        return std::exchange(pairs_, {});
    }

  private:
    static constexpr std::size_t most_pixels = std::size_t{1} << 31;

    void move_counts() {
        constexpr std::size_t block = 64;  // of counters looked at together
        for (std::size_t i = 0; i < counts_.size(); i += block) {
            std::uint32_t any = 0;
            for (std::size_t j = i; j < i + block; ++j) any |= counts_[j];
            if (any == 0) continue;
            for (std::size_t j = i; j < i + block; ++j) {
                if (counts_[j] == 0) continue;
                pairs_.push_back({Key::of(j >> 8, j & 255), std::int64_t{counts_[j]}});
                counts_[j] = 0;
            }
        }
        pixels_ = 0;
    }

    std::vector<std::uint32_t> counts_ = std::vector<std::uint32_t>(65536);
    Pairs<Key> pairs_;
    std::size_t pixels_ = 0;
};

// Open addressing, at most half full. A key is nearly always at home or right beside it. When even
// the largest table is full, nearly every run is a pair of its own: then runs are only written
// down.
template <class Key_>
class HashTable {
  public:
    using Key = Key_;

    // Sized for a natural map of that many pixels; grows as needed.
    explicit HashTable(std::int64_t pixels)
        : most_runs_(std::min(static_cast<std::size_t>(pixels), first_compaction)) {
        std::size_t slots = least_slots;
        while (slots < natural_slots && 32 * slots < static_cast<std::size_t>(pixels)) slots *= 2;
        resize(slots);
    }

    // Adds the runs of a stretch, which start at starts[0 .. runs) and end where the next starts.
    template <class G, class P>
    void add_runs(const G* gt, const P* pred, const std::uint16_t* starts, std::size_t runs) {
        std::size_t i = full_ ? 0 : count_runs(gt, pred, starts, runs);
        for (; i < runs; ++i) {
            const std::uint32_t x = starts[i];
            written_down_.push_back({Key::of(gt[x], pred[x]), starts[i + 1] - x});
        }
        if (written_down_.size() >= compact_at_) compact();
    }

    // The pairs counted so far, in no order and perhaps repeated, and an empty table.
    Pairs<Key> take() {
        Pairs<Key> pairs = std::exchange(written_down_, {});
        compact_at_ = first_compaction;
        full_ = false;
        for (const std::uint32_t slot : used_) {
            pairs.push_back(slots_[slot]);
            slots_[slot] = {};
        }
        free_home_of_zero();
        used_.clear();
        return pairs;
    }

  private:
    static constexpr std::size_t least_slots = 64, natural_slots = 8192, most_slots = 1 << 18;
    static constexpr std::size_t first_compaction = std::size_t{1} << 23;

    // Counts runs until the table is full; returns how many.
    template <class G, class P>
    std::size_t count_runs(const G* gt, const P* pred, const std::uint16_t* starts,
                           std::size_t runs) {
        PairCount<Key>* slots = slots_.data();
        int shift = shift_;
        for (std::size_t i = 0; i < runs; ++i) {
            const std::uint32_t x = starts[i];
            const std::int64_t pixels = starts[i + 1] - x;
            const Key key = Key::of(gt[x], pred[x]);
            std::size_t slot = key.hash() >> shift;
            if (!(slots[slot].key == key)) [[unlikely]] {
                slot ^= 1;
                if (!(slots[slot].key == key)) {
                    slot = find_or_insert(key);
                    if (full_) return i;
                    slots = slots_.data();
                    shift = shift_;
                }
            }
            slots[slot].count += pixels;
        }
        return runs;
    }

    // The slot of `key`; none, and full_ set, if it is new and there is no room left.
    [[gnu::noinline]] std::size_t find_or_insert(Key key) {
        if (2 * (used_.size() + 1) > slots_.size()) {
            full_ = slots_.size() == most_slots;
            if (full_) written_down_.reserve(most_runs_ + used_.size());
            if (full_) return 0;
            resize(std::min(4 * slots_.size(), most_slots));
        }
        const std::size_t mask = slots_.size() - 1;
        std::size_t slot = key.hash() >> shift_;
        const auto another = [&] { return slots_[slot].count != 0 && !(slots_[slot].key == key); };
        if (another()) slot ^= 1;
        while (another()) slot = (slot + 1) & mask;
        if (slots_[slot].count == 0) {
            used_.push_back(static_cast<std::uint32_t>(slot));
            slots_[slot].key = key;
        }
        return slot;
    }

    void resize(std::size_t slots) {
        const auto old = std::exchange(slots_, std::vector<PairCount<Key>>(slots));
        const std::vector<std::uint32_t> used = std::exchange(used_, {});
        shift_ = 64 - __builtin_ctzll(slots);
        free_home_of_zero();
        for (const std::uint32_t slot : used)
            slots_[find_or_insert(old[slot].key)].count = old[slot].count;
    }

    // Counting only compares keys. The key 0 of a free slot is at home in the first two slots, so
    // these hold another while they are free.
    void free_home_of_zero() { slots_[0].key = slots_[1].key = Key::of(0, 1); }

    void compact() {
        Pairs<Key> scratch;
        radix_sort(written_down_, scratch, [](const auto& pair) { return pair.key.pred(); });
        radix_sort(written_down_, scratch, [](const auto& pair) { return pair.key.gt(); });
        merge_equal(written_down_);
        compact_at_ = std::max(first_compaction, 2 * written_down_.size());
    }

    std::vector<PairCount<Key>> slots_;  // count 0: a free one
    std::vector<std::uint32_t> used_;    // slots in use
    int shift_ = 0;
    bool full_ = false;
    Pairs<Key> written_down_;
    std::size_t most_runs_;  // expected, before they are compacted
    std::size_t compact_at_ = first_compaction;
};

}  // namespace panfuse::matching

// Where pairs are counted: for each item a set of pairs with a counter each, and a set of the ids
// of either side.
//
// The key of a pair holds the raw id of gt in its high half and that of pred in its low half; where
// an id has 64 bits, the slots of both ids in their sets stand for them. Either way key 0 is the
// pair of two ids 0.
#pragma once

#include <cstdint>

#include "cuda/matching/map_pair.h"
#include "cuda/support/key_set.cuh"

namespace panfuse::cuda {

PF_HD inline Word pair_key(Word gt, Word pred) { return gt << 32 | pred; }
PF_HD inline Word half_of(Word key, int side) {
    return side == gt_side ? key >> 32 : key & 0xffffffffu;
}

// Rows of `PairTables::sizes`.
inline constexpr int pairs_size = 2, size_fields = 4;  // gt_side and pred_side count ids

struct ItemTables {
    KeySet pairs;
    KeySet ids[2];              // raw ids
    Word* counts;               // [capacity + 1], by slot of the pair
    std::uint32_t* pair_slots;  // [limit], by place in the list of pairs
    bool wide;                  // keys of pairs hold slots

    // The raw id in one half of a pair's key.
    __device__ Word id(Word key, int side) const {
        const Word half = half_of(key, side);
        return wide ? ids[side].at(static_cast<std::uint32_t>(half)) : half;
    }

    // Adds pixels to the pair with this key. Nothing is kept once a set is overfull.
    __device__ void add(Word key, Word pixels) const {
        std::uint32_t place;
        const std::uint32_t slot = pairs.add(key, place);
        if (slot == no_slot) return;
        atomicAdd(counts + slot, pixels);
        if (place == no_slot) return;
        pair_slots[place] = slot;
        if (wide) return;
#pragma unroll
        for (int side = 0; side < 2; ++side) ids[side].add(half_of(key, side), place);
    }
};

struct PairTables {
    std::uint32_t capacity;  // slots of each set
    bool wide;
    Word* pair_slots;               // [items][capacity + 1]
    Word* id_slots[2];              // [items][capacity + 1]
    Word* counts;                   // [items][capacity + 1]
    std::uint32_t* sizes;           // [items][size_fields]
    Word* pair_list;                // [items][capacity / 2]
    Word* id_list[2];               // [items][capacity / 2]
    std::uint32_t* slots_of_pairs;  // [items][capacity / 2]

    PF_HD ItemTables item(std::int64_t row) const {
        const std::int64_t slot = row * (std::int64_t{capacity} + 1);
        const std::int64_t entry = row * (capacity / 2);
        std::uint32_t* const size = sizes + row * size_fields;
        return {{pair_slots + slot, pair_list + entry, size + pairs_size, capacity},
                {{id_slots[0] + slot, id_list[0] + entry, size + gt_side, capacity},
                 {id_slots[1] + slot, id_list[1] + entry, size + pred_side, capacity}},
                counts + slot,
                slots_of_pairs + entry,
                wide};
    }
};

}  // namespace panfuse::cuda

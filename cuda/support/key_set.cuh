// Sets of 64-bit keys as open-addressing tables, filled by many threads at once.
//
// Slot 0 belongs to key 0; slots 1 to `capacity` (a power of two) hold the others. A word of 0 is a
// free slot, so clearing memory empties a table, and no key needs to be kept out of it.
#pragma once

#include <cstdint>

#include "cuda/support/ids.cuh"
#include "cuda/support/launch.h"

namespace panfuse::cuda {

inline constexpr std::uint32_t no_slot = 0xffffffffu;

// Two rounds of multiply and fold (as MurmurHash3 ends): ids often differ in their high bits alone.
__device__ inline std::uint32_t hash_of(Word key) {
    key = (key ^ (key >> 32)) * 0x9e3779b97f4a7c15ull;
    key = (key ^ (key >> 32)) * 0xd6e8feb86659fd93ull;
    return static_cast<std::uint32_t>(key >> 32);
}

template <class T>
__device__ T load_shared_with_others(const T* address) {
    return *static_cast<const volatile T*>(address);
}

// The slot of `key`, taken now if nobody has (`fresh`), or `no_slot` where `stop` says so, which is
// asked before each try, with the number of tries so far.
template <class Stop>
__device__ std::uint32_t find_or_claim(Word* slots, std::uint32_t capacity, Word key, Stop stop,
                                       bool& fresh) {
    const Word stored = key == 0 ? 1 : key;
    std::uint32_t slot = key == 0 ? 0 : 1 + (hash_of(key) & (capacity - 1));
#pragma unroll 1
    for (std::uint32_t tries = 0; !stop(tries); ++tries) {
        // A slot never changes once it is taken, so only a free one has to be asked for by CAS.
        Word found = load_shared_with_others(slots + slot);
        if (found == 0) {
            found = atomicCAS(slots + slot, Word{0}, stored);
            fresh = found == 0;
            if (fresh) return slot;
        }
        if (found == stored) return slot;
        slot = slot == capacity ? 1 : slot + 1;
    }
    return no_slot;
}

// A set that also lists its keys. It may be filled up to half; more keys than that are not all
// kept, and `*size` then exceeds `limit()`.
struct KeySet {
    Word* slots;          // [capacity + 1], zeroed
    Word* list;           // [limit()]: the keys, in order of arrival
    std::uint32_t* size;  // zeroed
    std::uint32_t capacity;

    PF_HD std::uint32_t limit() const { return capacity / 2; }

    // The key that a slot holds.
    __device__ Word at(std::uint32_t slot) const { return slot == 0 ? 0 : slots[slot]; }

    // The slot of `key`, or `no_slot` when the set is overfull. `place`: the key's place in the
    // list if it is new, and `no_slot` otherwise.
    __device__ std::uint32_t add(Word key, std::uint32_t& place) const {
        place = no_slot;
        // Others may fill the set meanwhile, and a full one is long to search.
        const auto stop = [this](std::uint32_t tries) {
            return tries == capacity ||
                   (tries % 64 == 0 && load_shared_with_others(size) > limit());
        };
        bool fresh = false;
        const std::uint32_t slot = find_or_claim(slots, capacity, key, stop, fresh);
        if (!fresh) return slot;
        place = atomicAdd(size, 1u);
        if (place >= limit()) {
            place = no_slot;
            return no_slot;
        }
        list[place] = key;
        return slot;
    }
};

}  // namespace panfuse::cuda

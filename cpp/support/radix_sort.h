// Stable sort of records by an unsigned 64-bit key: least significant digit first, and only the
// bits in which the keys differ.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace panfuse {

// Key: Record -> std::uint64_t. `scratch` is overwritten.
template <class Record, class Key>
void radix_sort(std::vector<Record>& records, std::vector<Record>& scratch, Key key) {
    constexpr std::size_t few = 24;
    if (records.size() < few) {
        std::stable_sort(records.begin(), records.end(),
                         [&](const Record& a, const Record& b) { return key(a) < key(b); });
        return;
    }
    std::uint64_t differing = 0;
    for (const Record& record : records) differing |= key(record) ^ key(records.front());
    if (differing != 0) scratch.resize(records.size());
    while (differing != 0) {
        constexpr std::uint64_t digit = 0xFF;
        const int shift = __builtin_ctzll(differing);
        std::array<std::size_t, digit + 1> place{};
        for (const Record& record : records) ++place[key(record) >> shift & digit];
        std::size_t total = 0;
        for (std::size_t& count : place) count = std::exchange(total, total + count);
        for (const Record& record : records)
            scratch[place[key(record) >> shift & digit]++] = record;
        records.swap(scratch);
        differing &= ~(digit << shift);
    }
}

}  // namespace panfuse

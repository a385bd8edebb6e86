// Stable sort of many records by an unsigned 64-bit key: least significant digit first, and only
// the bits in which the keys differ.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace panfuse {

// Key: Record -> std::uint64_t. Short inputs go to std::stable_sort.
template <class Record, class Key>
void radix_sort(std::vector<Record>& records, Key key) {
    constexpr std::size_t worth_it = 2048;
    if (records.size() < worth_it) {
        std::stable_sort(records.begin(), records.end(),
                         [&](const Record& a, const Record& b) { return key(a) < key(b); });
        return;
    }
    std::uint64_t differing = 0;
    bool sorted = true;
    std::uint64_t previous = key(records.front());
    for (const Record& record : records) {
        const std::uint64_t k = key(record);
        differing |= k ^ previous;
        sorted = sorted && previous <= k;
        previous = k;
    }
    if (sorted) return;
    constexpr int digit_bits = 11;
    std::vector<Record> other(records.size());
    while (differing != 0) {
        const int shift = __builtin_ctzll(differing);
        const std::uint64_t mask = (std::uint64_t{1} << digit_bits) - 1;
        std::array<std::size_t, std::size_t{1} << digit_bits> place{};
        for (const Record& record : records) ++place[key(record) >> shift & mask];
        std::size_t total = 0;
        for (std::size_t& count : place) {
            const std::size_t here = count;
            count = total;
            total += here;
        }
        for (const Record& record : records) other[place[key(record) >> shift & mask]++] = record;
        records.swap(other);
        differing &= ~(mask << shift);
    }
}

}  // namespace panfuse

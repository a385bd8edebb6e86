// Stable sort of records by an unsigned 64-bit key: least significant digit first, and only the
// bits in which the keys differ.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace panfuse {

// Key: Record -> std::uint64_t. `scratch` is a vector like `records`, and overwritten.
template <class Records, class Key>
void radix_sort(Records& records, Records& scratch, Key key) {
    constexpr std::size_t few = 24;
    if (records.size() < few) {
        std::stable_sort(records.begin(), records.end(),
                         [&](const auto& a, const auto& b) { return key(a) < key(b); });
        return;
    }
    std::uint64_t differing = 0;
    for (const auto& record : records) differing |= key(record) ^ key(records.front());
    constexpr std::uint64_t digit = 0xFF;
    std::array<int, 8> shifts{};
    std::size_t digits = 0;
    for (; differing != 0; ++digits) {
        shifts[digits] = __builtin_ctzll(differing);
        differing &= ~(digit << shifts[digits]);
    }
    if (digits == 0) return;

    std::array<std::array<std::size_t, digit + 1>, 8> places{};
    for (const auto& record : records)
        for (std::size_t d = 0; d < digits; ++d) ++places[d][key(record) >> shifts[d] & digit];
    scratch.resize(records.size());
    for (std::size_t d = 0; d < digits; ++d) {
        std::size_t total = 0;
        for (std::size_t& place : places[d]) place = std::exchange(total, total + place);
        for (const auto& record : records)
            scratch[places[d][key(record) >> shifts[d] & digit]++] = record;
        records.swap(scratch);
    }
}

}  // namespace panfuse

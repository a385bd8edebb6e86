#include "png/huffman.h"

#include <algorithm>
#include <utility>

namespace panfuse::png {
namespace {

constexpr HuffmanEntry symbol(unsigned value, unsigned extra) { return value << 16 | extra; }

// RFC 1951, 3.2.5. Lengths 286 and 287 and distances 30 and 31 belong to the fixed codes, but must
// not occur.
constexpr auto literals = [] {
    std::array<HuffmanEntry, 288> alphabet{};
    for (unsigned byte = 0; byte < 256; ++byte) alphabet[byte] = symbol(byte, 0) | literal_flag;
    alphabet[256] = special_flag | end_flag;
    unsigned base = 3;
    for (unsigned i = 0; i < 28; ++i) {
        const unsigned extra = i < 8 ? 0 : i / 4 - 1;
        alphabet[257 + i] = symbol(base, extra);
        base += 1u << extra;
    }
    alphabet[285] = symbol(258, 0);
    alphabet[286] = alphabet[287] = special_flag;
    return alphabet;
}();

constexpr auto distances = [] {
    std::array<HuffmanEntry, 32> alphabet{};
    unsigned base = 1;
    for (unsigned i = 0; i < 30; ++i) {
        const unsigned extra = i < 4 ? 0 : i / 2 - 1;
        alphabet[i] = symbol(base, extra);
        base += 1u << extra;
    }
    alphabet[30] = alphabet[31] = special_flag;
    return alphabet;
}();

constexpr auto lengths_of_codes = [] {
    std::array<HuffmanEntry, 19> alphabet{};
    for (unsigned i = 0; i < 19; ++i) alphabet[i] = symbol(i, 0);
    return alphabet;
}();

HuffmanEntry with_code(HuffmanEntry entry, unsigned bits) { return entry + bits + (bits << 8); }

// The next code of `bits` bits after one that may be shorter, both reversed; 0 after the last.
std::uint32_t next_code(std::uint32_t code, unsigned bits) {
    std::uint32_t bit = 1u << (bits - 1);
    while ((code & bit) != 0) bit >>= 1;
    return bit == 0 ? 0 : (code & (bit - 1)) | bit;
}

using Counts = std::array<unsigned, longest_code + 1>;

// How many bits index the second level whose first code has `bits` bits beyond the first level:
// enough for the codes left to fill it. `left[n]` codes of n bits are left.
unsigned second_level_bits(const Counts& left, unsigned first_bits, unsigned bits) {
    std::uint32_t room = 1u << bits;
    for (; first_bits + bits < longest_code; ++bits) {
        const std::uint32_t codes = left[first_bits + bits];
        if (codes >= room) break;
        room = (room - codes) << 1;
    }
    return bits;
}

}  // namespace

Alphabet literal_alphabet() { return literals; }
Alphabet distance_alphabet() { return distances; }
Alphabet length_alphabet() { return lengths_of_codes; }

bool build_table(std::span<const std::uint8_t> lengths, Alphabet alphabet, unsigned first_bits,
                 bool may_be_incomplete, std::span<HuffmanEntry> table) {
    Counts left{};
    for (const std::uint8_t length : lengths) ++left[length];
    const auto codes = static_cast<unsigned>(lengths.size()) - left[0];
    left[0] = 0;

    // Codes of the longest length that are still free.
    std::uint32_t free = 1;
    for (unsigned bits = 1; bits <= longest_code; ++bits) {
        free <<= 1;
        if (left[bits] > free) return false;
        free -= left[bits];
    }
    const std::size_t first_size = std::size_t{1} << first_bits;
    if (free > 0) {
        const bool single = codes == 0 || (codes == 1 && left[1] == 1);
        if (!may_be_incomplete || !single) return false;
        std::fill_n(table.begin(), first_size, special_flag);
    }

    std::array<std::uint16_t, 288> ordered;
    std::array<unsigned, longest_code + 2> place{};
    for (unsigned bits = 1; bits <= longest_code; ++bits)
        place[bits + 1] = place[bits] + left[bits];
    for (std::size_t i = 0; i < lengths.size(); ++i)
        if (lengths[i] != 0) ordered[place[lengths[i]]++] = static_cast<std::uint16_t>(i);

    std::uint32_t code = 0, prefix = ~0u;
    std::size_t end = first_size, second = 0, second_size = 0;
    for (unsigned i = 0; i < codes; ++i) {
        const unsigned bits = lengths[ordered[i]];
        const HuffmanEntry entry = alphabet[ordered[i]];
        if (bits <= first_bits) {
            for (std::size_t at = code; at < first_size; at += std::size_t{1} << bits)
                table[at] = with_code(entry, bits);
        } else {
            if ((code & (first_size - 1)) != prefix) {
                prefix = code & static_cast<std::uint32_t>(first_size - 1);
                const unsigned index = second_level_bits(left, first_bits, bits - first_bits);
                second = end;
                second_size = std::size_t{1} << index;
                end += second_size;
                if (end > table.size()) return false;
                table[prefix] = symbol(static_cast<unsigned>(second), first_bits) | index << 8 |
                                special_flag | second_level_flag;
            }
            const unsigned rest = bits - first_bits;
            for (std::size_t at = code >> first_bits; at < second_size;
                 at += std::size_t{1} << rest)
                table[second + at] = with_code(entry, rest);
        }
        --left[bits];
        code = next_code(code, bits);
    }
    return true;
}

}  // namespace panfuse::png

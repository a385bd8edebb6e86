// Decoding tables of DEFLATE's prefix codes.
//
// The low bits of the stream index the first level of a table; codes longer than it go on in a
// second level. Codes come least significant bit first, so that they are stored bit-reversed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace panfuse::png {

// What the bits at hand mean. One word, since it is on the critical path of every symbol:
//   bits 0-4    how many bits to drop: the code and the extra bits behind it
//   bits 8-11   how many of them are the code
//   bit 13      end of block
//   bit 14      second level: `value` is where it starts, bits 8-11 how many bits index it
//   bit 15      anything but a literal, a length or a distance
//   bits 16-30  literal byte, or what to add to the extra bits
//   bit 31      literal
using HuffmanEntry = std::uint32_t;

inline constexpr HuffmanEntry literal_flag = 1u << 31, special_flag = 1u << 15,
                              second_level_flag = 1u << 14, end_flag = 1u << 13;

constexpr unsigned entry_bits(HuffmanEntry entry) { return entry & 31; }
constexpr unsigned code_bits(HuffmanEntry entry) { return entry >> 8 & 15; }
constexpr std::uint32_t entry_value(HuffmanEntry entry) { return entry >> 16 & 0x7FFF; }

inline constexpr unsigned longest_code = 15;

// Which symbols an alphabet has, with the number of extra bits in place of bits 0-4.
using Alphabet = std::span<const HuffmanEntry>;

// Literals and lengths, distances, and the code lengths of either.
Alphabet literal_alphabet();
Alphabet distance_alphabet();
Alphabet length_alphabet();

// Fills `table` with the code whose symbol i has lengths[i] bits (0: none). False if the lengths
// are no prefix code: over-subscribed, or incomplete, where only a single code of one bit is let
// pass (as in zlib), and no code at all where there may be none.
bool build_table(std::span<const std::uint8_t> lengths, Alphabet alphabet, unsigned first_bits,
                 bool may_be_incomplete, std::span<HuffmanEntry> table);

}  // namespace panfuse::png

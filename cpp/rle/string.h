// COCO's strings of counts. From the fourth count on a string holds the difference to the count two
// before. Each number is written as groups of 5 bits, least significant first, in two's complement;
// a group's character is 48 + its bits, and 32 more if another group follows.
#pragma once

#include <cstddef>
#include <string_view>

#include "rle/masks.h"

namespace panfuse::rle {

// A count or a difference needs 34 bits.
inline constexpr std::size_t most_characters = 7;

// Room that `write_string` may use.
inline constexpr std::size_t string_room(std::size_t counts) {
    return counts * most_characters + 8;
}

// Writes the string of the counts, and returns where it ends.
char* write_string(Runs counts, char* out);

// Appends the counts of a string. std::invalid_argument, which says where, if a character is none
// of them, a count is cut short, negative or beyond 32 bits, or the sum is not that of the size;
// `counts` may have grown then.
void read_string(std::string_view text, Size size, Counts& counts);

// The same for counts that are already numbers, which are not appended.
void check_counts(Runs counts, Size size);

}  // namespace panfuse::rle

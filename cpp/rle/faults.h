// What is wrong with a COCO string, all of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "rle/masks.h"

namespace panfuse::rle {

struct Fault {
    enum class Code {
        character,  // a byte that COCO's strings do not have
        truncated,  // the string ends within a number
        length,     // a number of more than 7 bytes, which no count needs
        negative,   // a count below 0
        overflow,   // a count of 2^32 or more
        sum,        // the counts are not those of as many pixels as the size has
        zero,       // sound, not canonical: a run of no pixels after the first
        padding,    // sound, not canonical: a number of more bytes than it needs
    };

    Code code;
    std::int64_t position;  // byte in the string
    std::int64_t run;       // which count, from 0
    std::int64_t value;     // the byte, the count or the sum
};

// In the order of positions. Where bytes are damaged the counts from there on are not known: only
// their bytes are looked at. No size: the sum is not.
std::vector<Fault> find_faults(std::string_view text, std::optional<Size> size, bool not_canonical);

}  // namespace panfuse::rle

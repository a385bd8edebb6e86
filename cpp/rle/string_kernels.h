// The loop that reads COCO's strings: one table of functions for each instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/isa.h"

namespace panfuse::rle {

struct StringRead {
    std::size_t counts;
    std::uint64_t total;  // their sum
    bool sound;           // false: nothing is known; the string may still be sound, yet unusual
};

struct StringKernels {
    // Reads the n characters of a string, and writes up to n + reading_slack elements of `out`.
    // Sound strings of numbers up to 6 characters and counts below 2^31 are read; whatever else
    // may come is not.
    StringRead (*read)(const char* text, std::size_t n, std::uint32_t* out);
};

inline constexpr std::size_t reading_slack = 32;

// Those of the instruction set in use (see support/isa.h); nullptr if it has none.
const StringKernels* string_kernels();

}  // namespace panfuse::rle

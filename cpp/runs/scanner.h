// The run scanner: where a label map changes. One table of functions for each instruction set.
//
// A run is a stretch of equal pixels in a row; nearly all of a natural label map is long runs, so
// whatever comes after the scan is paid per run and not per pixel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "support/isa.h"

namespace panfuse::runs {

// Pixels of one word of a bit row.
inline constexpr std::size_t word_pixels = 64;

inline constexpr std::size_t words(std::size_t pixels) {
    return (pixels + word_pixels - 1) / word_pixels;
}

// `joint_starts` may write this many positions past the last one it reports.
inline constexpr std::size_t starts_slack = 64;

// Positions are 16 bits wide, and so is one past the last.
inline constexpr std::size_t most_joint_pixels = 65535;

struct Scanner {
    // Bit i of `bits`: i == 0 or row[i] != row[i - 1]. `bits` holds words(n); bits from n on are 0.
    using Changes = void (*)(const void* row, std::size_t n, std::uint64_t* bits);

    // Bit i of `bits`: row[i] != above[i].
    using Differences = void (*)(const void* row, const void* above, std::size_t n,
                                 std::uint64_t* bits);

    // Ascending positions i where i == 0, a[i] != a[i - 1] or b[i] != b[i - 1]; their count is
    // returned. 0 < n <= most_joint_pixels; `starts` holds n + starts_slack.
    using JointStarts = std::size_t (*)(const void* a, const void* b, std::size_t n,
                                        std::uint16_t* starts);

    // Ascending positions i < n where bit i of `a` or of `b` is set; bits from n on are 0. Their
    // count is returned; n and `starts` as above.
    using JointBits = std::size_t (*)(const std::uint64_t* a, const std::uint64_t* b, std::size_t n,
                                      std::uint16_t* starts);

    // Indexed by the element's width: 1, 2, 4, 8 bytes are 0, 1, 2, 3.
    std::array<Changes, 4> changes;
    std::array<Differences, 4> differences;
    std::array<std::array<JointStarts, 4>, 4> joint_starts;
    JointBits joint_bits;
};

inline constexpr std::size_t width_index(std::size_t bytes) {
    return bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;
}

// The scanner for the instruction set in use (see support/isa.h).
const Scanner& scanner();

// The scanner for one instruction set, which must be among isa::available().
const Scanner& scanner(isa::Level level);

}  // namespace panfuse::runs

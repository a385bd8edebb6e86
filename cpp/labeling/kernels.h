// What is done 64 pixels at a time: rows of pixels to bits, contacts of runs, rows of labels. One
// table of functions for each instruction set.
//
// A run is a stretch of equal foreground pixels in a row. A row is kept as two bit rows, and its
// runs are numbered by rank: the run at pixel x is the number of starts up to x, less one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "labeling/rule.h"
#include "support/isa.h"

namespace panfuse::labeling {

// Labels may be read this far past the last run of a row, and contacts written past the last one.
inline constexpr std::size_t slack = 64;

struct BitRow {
    const std::uint64_t* starts;  // bit x: a run starts at pixel x
    const std::uint64_t* inside;  // bit x: pixel x is foreground; bits past the row are 0
};

// Two neighbouring rows of n pixels.
struct RowPair {
    std::size_t n;
    const void* pixels;        // the later row; not read for binary images
    const void* other_pixels;  // the earlier one
    BitRow bits, other_bits;
    const std::uint64_t* same;  // what `scan_below` has told of the later row; or null
};

// Which pixels of the later row need no contacts, because they are connected to what they would
// meet by a pixel in another row. Either may be null.
struct Covered {
    const std::uint64_t* straight;  // for contacts with the pixel at the same x
    const std::uint64_t* diagonal;  // for contacts with the pixels at x - 1 and x + 1
};

// Runs of the later and of the earlier row that touch and have equal values.
struct Contacts {
    std::uint32_t* run;
    std::uint32_t* other;
};

// Runs as half-open stretches of pixels. Lists have room for `slack` more.
struct RunList {
    std::uint32_t* begins;
    std::uint32_t* ends;
};

struct Kernels {
    // The bits of a row, and how many runs start in it. `background` points to 64 pixels of the
    // background, or is null where there is none. In a multi-label scan a run ends where the value
    // changes, in a binary one where the foreground does.
    using Scan = std::size_t (*)(const void* row, std::size_t n, const void* background,
                                 std::uint64_t* starts, std::uint64_t* inside);

    // The same for a multi-label image. Bit x of `same` tells whether the pixel equals that of the
    // row above; bits past the row are 1.
    using ScanBelow = std::size_t (*)(const void* row, const void* above, std::size_t n,
                                      const void* background, std::uint64_t* starts,
                                      std::uint64_t* inside, std::uint64_t* same);

    // The contacts of two rows, perhaps repeated: their count is returned. There are at most 4 for
    // each 64 pixels' bit. If `equal` is not null, bit x of it tells whether the pixels at x are
    // foreground and equal.
    using Touch = std::size_t (*)(const RowPair& rows, bool diagonal, const Covered& covered,
                                  Contacts contacts, std::uint64_t* equal);

    // Writes a row of labels: labels[run], and 0 for the background.
    using Fill = void (*)(const BitRow& bits, std::size_t n, const std::uint32_t* labels,
                          void* out);

    // Where the runs of a row begin and end; their count is returned.
    using List = std::size_t (*)(const BitRow& bits, std::size_t n, RunList list);

    // Adds runs of row y of plane z to the sums of their labels. New labels ascend from
    // `described`, the number of labels that have sums, which is returned anew. `first` is the
    // index of the row's first pixel.
    using Describe = std::uint32_t (*)(const RunList& list, std::size_t runs,
                                       const std::uint32_t* labels, std::uint32_t y,
                                       std::uint32_t z, std::int64_t first, std::uint32_t described,
                                       Sums* sums);

    // Which floats of a row are above 0, and which at or below it; NaN is neither. Returns how many
    // are above.
    using Signs = std::size_t (*)(const void* row, std::size_t n, std::uint64_t* positive,
                                  std::uint64_t* not_positive);

    // Indexed by the element's width: 1, 2, 4, 8 bytes are 0, 1, 2, 3.
    std::array<Scan, 4> scan;
    std::array<ScanBelow, 4> scan_below;
    std::array<Scan, 4> scan_binary;
    std::array<Touch, 4> touch;
    Touch touch_binary;
    std::array<Fill, 4> fill;  // by the width of a label; none of 1 byte
    List list;
    Describe describe;
    std::array<Signs, 4> signs;  // by the width of a float; none of 1 byte
};

// The kernels for the instruction set in use (see support/isa.h).
const Kernels& kernels();

}  // namespace panfuse::labeling

// The chunks of a PNG file: their order, lengths and checksums.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "png/header.h"

namespace panfuse::png {

// A file that has been found whole. The parts of the image data lie in the file.
struct Chunks {
    Header header;
    std::vector<std::span<const std::uint8_t>> data;

    std::uint64_t data_bytes() const;
};

// Walks the whole file; FormatError names the first fault. The specification's rules are kept to
// the letter, with two liberties: what ancillary chunks hold, and where they stand, does not matter
// (they never change an id), and a palette may be shorter than the indices used (ids are the
// indices themselves).
void parse_chunks(std::span<const std::uint8_t> file, Chunks& chunks);

}  // namespace panfuse::png

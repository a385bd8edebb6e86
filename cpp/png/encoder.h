// Label maps as PNG files of RGB, 8 bits each: id = R + 256 G + 65536 B.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "support/image.h"

namespace panfuse::png {

inline constexpr std::uint32_t most_id = (1u << 24) - 1;

// Throws std::invalid_argument unless `ids` can be written: 2 axes of 1 to 2^31 - 1 pixels.
void check_map(const ArrayView& ids);

// The rows, each with its filter in front: in one way, or for a small map in two, of which the one
// that compresses better is to be kept. Throws std::invalid_argument with the place of the first id
// that is not from 0 to `most_id`.
std::vector<std::vector<std::uint8_t>> filterings(const ArrayView& ids);

// The file, given the filtered rows as a zlib stream.
std::vector<std::uint8_t> make_file(const ArrayView& ids, std::span<const std::uint8_t> stream);

}  // namespace panfuse::png

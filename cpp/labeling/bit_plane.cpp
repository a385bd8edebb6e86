#include "labeling/bit_plane.h"

namespace panfuse::labeling {

void BitPlane::complement() {
    const std::uint64_t last = last_word(shape_.width);
    for (std::size_t word = 0; word < bits_.size(); ++word)
        bits_[word] = ~bits_[word] & ((word + 1) % words_ == 0 ? last : ~std::uint64_t{0});
}

void BitPlane::set(std::int64_t y, std::uint32_t begin, std::uint32_t end) {
    std::uint64_t* const bits = row(y);
    for (std::uint32_t x = begin; x < end; ++x)
        bits[x / runs::word_pixels] |= std::uint64_t{1} << x % runs::word_pixels;
}

}  // namespace panfuse::labeling

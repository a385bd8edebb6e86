#include "rle/columns.h"

#include <algorithm>
#include <bit>

namespace panfuse::rle {
namespace {

using Block = std::array<Bits, 64>;

// Bit j of word i and bit i of word j change places, in squares of half the side each time.
void transpose(Block& block) {
    Bits low = 0xFFFFFFFF;
    for (unsigned side = 32; side != 0; side >>= 1, low ^= low << side)
        for (unsigned i = 0; i < 64; i += 2 * side)
            for (unsigned j = i; j < i + side; ++j) {
                const Bits swapped = (block[j] >> side ^ block[j + side]) & low;
                block[j] ^= swapped << side;
                block[j + side] ^= swapped;
            }
}

// A transposition takes as long as setting this many bits one by one.
constexpr int few_bits = 48;

}  // namespace

void BitRows::columns(std::size_t stripe, Bits* out) const {
    const std::size_t words = column_words();
    for (std::size_t word = 0; word < words; ++word) {
        Block block{};
        const std::size_t rows = std::min<std::size_t>(64, height_ - 64 * word);
        const Bits* from = bits_.data() + 64 * word * row_words_ + stripe;
        int count = 0;
        for (std::size_t i = 0; i < rows; ++i, from += row_words_) {
            block[i] = *from;
            count += std::popcount(*from);
        }
        Bits* const to = out + word;
        if (count > few_bits) {
            transpose(block);
            for (std::size_t x = 0; x < 64; ++x) to[x * words] = block[x];
            continue;
        }
        for (std::size_t x = 0; x < 64; ++x) to[x * words] = 0;
        for (std::size_t i = 0; i < rows; ++i)
            for (Bits bits = block[i]; bits != 0; bits &= bits - 1)
                to[static_cast<std::size_t>(std::countr_zero(bits)) * words] |= Bits{1} << i;
    }
}

}  // namespace panfuse::rle

#include "labeling/sieve.h"

#include <algorithm>
#include <numeric>

namespace panfuse::labeling {
namespace {

constexpr std::uint64_t all = ~std::uint64_t{0};

// Runs of `inside` that hold a bit of `seeds`, bits of `inside`, become bits of `seeds`.
void fill_runs(const std::uint64_t* inside, std::size_t words, std::uint64_t* seeds) {
    // To the right: a sum carries from a run's first seed to its end, which clears all bits but
    // those of other seeds.
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < words; ++i) {
        std::uint64_t sum;
        const bool carried = __builtin_add_overflow(inside[i], carry, &sum);
        carry = static_cast<std::uint64_t>(carried | __builtin_add_overflow(sum, seeds[i], &sum));
        seeds[i] |= inside[i] & ~sum;
    }
    // To the left, by distances that double.
    std::uint64_t after = 0;
    for (std::size_t i = words; i-- > 0;) {
        std::uint64_t filled = seeds[i] | (inside[i] & after << 63);
        std::uint64_t open = inside[i];
        if ((open & ~filled & filled >> 1) != 0)
            for (int distance = 1; distance < 64; distance *= 2) {
                filled |= open & filled >> distance;
                open &= open >> distance;
            }
        seeds[i] = filled;
        after = filled & 1;
    }
}

struct Found {
    std::uint64_t any, left;  // whether pixels are large, or are not
};

// Adds to `large` the pixels that a row beside this one reaches. None is large yet if `most` is
// given: then those of words that end a run of more than `most` pixels are large too, if it fills
// them.
template <class... Most>
Found add_reached(const std::uint64_t* inside, const std::uint64_t* beside, std::size_t words,
                  bool diagonal, std::uint64_t* large, Most... most) {
    const std::uint64_t sideways = diagonal ? all : 0;
    std::uint64_t before = 0, here = beside[0];
    std::int64_t pixels = 0;
    Found found{0, 0};
    for (std::size_t i = 0; i < words; ++i) {
        const std::uint64_t after = i + 1 < words ? beside[i + 1] : 0;
        const std::uint64_t sides = here << 1 | before >> 63 | here >> 1 | after << 63;
        const std::uint64_t reached = (here | (sides & sideways)) & inside[i];
        before = here;
        here = after;
        if constexpr (sizeof...(most) != 0) {
            pixels = inside[i] == all ? pixels + 64 : 0;
            large[i] = reached | (pixels > (most, ...) ? all : 0);
            found.any |= large[i];
        } else {
            found.any |= reached & ~large[i];
            large[i] |= reached;
        }
        found.left |= inside[i] & ~large[i];
    }
    return found;
}

}  // namespace

std::span<const std::int64_t> Sieve::clear_large(BitPlane& mask, int steps, std::int64_t most,
                                                 bool border) {
    const bool diagonal = steps > 1;
    find_large(mask, diagonal, most, border);
    // What winds up and down more often is left to labelling.
    constexpr int most_turns = 8;
    int turn = 0;
    while (turn < most_turns && spread(mask, diagonal, turn % 2 != 0)) ++turn;
    if (turn == most_turns) {
        left_.resize(static_cast<std::size_t>(mask.shape().height));
        std::iota(left_.begin(), left_.end(), 0);
        return left_;
    }
    for (const std::int64_t y : left_)
        for (std::size_t i = 0; i < mask.words(); ++i) mask.row(y)[i] &= ~large_.row(y)[i];
    return left_;
}

// Finds what is large by itself or by what lies above.
void Sieve::find_large(const BitPlane& mask, bool diagonal, std::int64_t most, bool border) {
    const auto [planes, height, width] = mask.shape();
    const std::size_t words = mask.words();
    const std::uint64_t last = last_word(width);
    const std::vector<std::uint64_t> nothing(words, 0);
    large_.resize(mask.shape());
    left_.clear();
    for (std::int64_t y = 0; y < height; ++y) {
        const std::uint64_t* const inside = mask.row(y);
        std::uint64_t* const large = large_.row(y);
        if (border && (y == 0 || y + 1 == height)) {
            std::copy_n(inside, words, large);
            continue;
        }
        const std::uint64_t* const above = y > 0 ? large_.row(y - 1) : nothing.data();
        Found found = add_reached(inside, above, words, diagonal, large, most);
        if (border) {
            large[0] |= inside[0] & 1;
            large[words - 1] |= inside[words - 1] & (last ^ last >> 1);
            found.any |= large[0] | large[words - 1];
        }
        if (found.left == 0) continue;
        if (found.any != 0) fill_runs(inside, words, large);
        left_.push_back(y);
    }
}

// Passes on what is large from row to row; whether there was anything new.
bool Sieve::spread(const BitPlane& mask, bool diagonal, bool down) {
    const std::size_t words = mask.words();
    bool any = false;
    const auto take = [&](std::int64_t y) {
        const std::int64_t from = down ? y - 1 : y + 1;
        if (from < 0 || from == mask.shape().height) return;
        std::uint64_t* const large = large_.row(y);
        const Found found = add_reached(mask.row(y), large_.row(from), words, diagonal, large);
        if (found.any == 0) return;
        fill_runs(mask.row(y), words, large);
        any = true;
    };
    if (down)
        std::for_each(left_.begin(), left_.end(), take);
    else
        std::for_each(left_.rbegin(), left_.rend(), take);
    return any;
}

}  // namespace panfuse::labeling

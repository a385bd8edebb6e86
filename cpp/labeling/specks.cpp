#include "labeling/specks.h"

#include <limits>
#include <stdexcept>

#include "labeling/forest.h"

namespace panfuse::labeling {
namespace {

// Adds the runs of a row.
void list_runs(const std::uint64_t* inside, std::size_t words, std::int64_t y,
               std::vector<SpeckRun>& runs) {
    std::uint64_t before = 0;
    for (std::size_t word = 0; word < words; ++word) {
        std::uint64_t changes = inside[word] ^ (inside[word] << 1 | before);
        for (; changes != 0; changes &= changes - 1) {
            const auto bit = static_cast<unsigned>(__builtin_ctzll(changes));
            const auto x = static_cast<std::uint32_t>(word * runs::word_pixels + bit);
            if ((inside[word] >> bit & 1) != 0)
                runs.push_back({y, x, 0});
            else
                runs.back().end = x;
        }
        before = inside[word] >> 63;
    }
    if (before != 0) runs.back().end = static_cast<std::uint32_t>(words * runs::word_pixels);
}

}  // namespace

void Specks::find(const BitPlane& mask, std::span<const std::int64_t> rows, int steps) {
    const auto [planes, height, width] = mask.shape();
    runs_.clear();
    parents_.clear();
    std::size_t above = 0;
    for (const std::int64_t y : rows) {
        const std::size_t begin = runs_.size();
        list_runs(mask.row(y), mask.words(), y, runs_);
        if (runs_.size() >= std::numeric_limits<std::uint32_t>::max())
            throw std::overflow_error("a mask has more runs than 32-bit labels can count");
        for (std::size_t i = begin; i < runs_.size(); ++i)
            parents_.push_back(static_cast<std::uint32_t>(i));
        if (above < begin && runs_[above].y + 1 == y) join(above, begin, steps > 1 ? 1 : 0);
        above = begin;
    }
    specks_.assign(runs_.size(), {});
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        parents_[i] = parents_[parents_[i]];  // no parent is larger than its child
        const SpeckRun& run = runs_[i];
        Speck& speck = specks_[parents_[i]];
        speck.area += run.end - run.begin;
        speck.touches_border |=
            run.y == 0 || run.y + 1 == height || run.begin == 0 || run.end == width;
    }
}

// Unites the runs of the last row, from `begin` on, with those above that they touch.
void Specks::join(std::size_t above, std::size_t begin, std::uint32_t reach) {
    std::size_t run = begin;
    for (std::size_t other = above; other < begin && run < runs_.size();) {
        const SpeckRun &a = runs_[other], &b = runs_[run];
        if (a.begin < b.end + reach && b.begin < a.end + reach)
            unite(parents_.data(), static_cast<std::uint32_t>(run),
                  static_cast<std::uint32_t>(other));
        if (a.end < b.end)
            ++other;
        else
            ++run;
    }
}

}  // namespace panfuse::labeling

// Many masks side by side, each as COCO's runs: the mask's pixels column by column, as alternating
// counts of background and foreground of which the first is background.
//
// Counts are sound if they sum to the pixels of the mask; a run inside may have no pixels. They are
// canonical if only the first may be empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "support/uninitialized.h"

namespace panfuse::rle {

struct Size {
    std::int64_t height = 0, width = 0;

    bool operator==(const Size&) const = default;
    std::int64_t pixels() const { return height * width; }
};

// A side fits int32, and the pixels of a mask the 32 bits of a count.
inline constexpr std::int64_t longest_side = 0x7FFFFFFF;
inline constexpr std::int64_t most_pixels = 0xFFFFFFFF;

using Counts = UninitializedVector<std::uint32_t>;
using Runs = std::span<const std::uint32_t>;

// (x, y, w, h); all 0 for a mask without foreground.
struct Box {
    std::int32_t x = 0, y = 0, width = 0, height = 0;
};

class Masks {
  public:
    std::size_t size() const { return sizes_.size(); }
    const Size& size_of(std::size_t i) const { return sizes_[i]; }
    Runs operator[](std::size_t i) const {
        return {counts_.data() + starts_[i], counts_.data() + starts_[i + 1]};
    }

    // The counts of all masks; where those of mask i begin, and one more.
    const Counts& counts() const { return counts_; }
    const std::vector<std::int64_t>& starts() const { return starts_; }

    // A mask is what was appended to the arena since the one before was closed.
    Counts& arena() { return counts_; }
    void close(Size size) {
        sizes_.push_back(size);
        starts_.push_back(static_cast<std::int64_t>(counts_.size()));
    }
    void append(Runs counts, Size size) {
        counts_.insert(counts_.end(), counts.begin(), counts.end());
        close(size);
    }
    void reserve(std::size_t masks, std::size_t counts) {
        sizes_.reserve(masks);
        starts_.reserve(masks + 1);
        counts_.reserve(counts);
    }

  private:
    std::vector<Size> sizes_;
    std::vector<std::int64_t> starts_{0};
    Counts counts_;
};

// Takes runs one after another and appends their canonical counts: `put` is told where the next
// run of foreground begins and ends, ascending; runs that touch become one.
class CountWriter {
  public:
    explicit CountWriter(Counts& out) : out_(out) {}

    void put(std::uint32_t begin, std::uint32_t end) {
        if (begin == end) return;
        if (begin == end_ && begin != 0) {
            out_.back() += end - begin;
        } else {
            out_.push_back(begin - end_);
            out_.push_back(end - begin);
        }
        end_ = end;
    }
    void finish(std::uint32_t pixels) {
        if (end_ < pixels || pixels == 0) out_.push_back(pixels - end_);
    }

  private:
    Counts& out_;
    std::uint32_t end_ = 0;
};

}  // namespace panfuse::rle

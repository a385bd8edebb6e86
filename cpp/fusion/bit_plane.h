// A mask as bits, clipped to where it can be.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace panfuse::fusion {

// Rows [top, bottom) of an image, and words [left, right) of 64 pixels of each.
struct Region {
    std::int64_t top = 0, bottom = 0, left = 0, right = 0;

    bool empty() const { return top >= bottom || left >= right; }
    std::int64_t words() const { return right - left; }
    std::int64_t size() const { return empty() ? 0 : (bottom - top) * words(); }
};

inline Region joined(const Region& a, const Region& b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    return {std::min(a.top, b.top), std::max(a.bottom, b.bottom), std::min(a.left, b.left),
            std::max(a.right, b.right)};
}

inline std::int64_t words_of(std::int64_t pixels) { return (pixels + 63) / 64; }

class BitPlane {
  public:
    explicit BitPlane(const Region& region = {})
        : region_(region), bits_(static_cast<std::size_t>(region.size()), 0) {}

    const Region& region() const { return region_; }

    // The words of row y of the image, from word `region().left` on.
    std::uint64_t* row(std::int64_t y) {
        return bits_.data() + (y - region_.top) * region_.words();
    }
    const std::uint64_t* row(std::int64_t y) const {
        return bits_.data() + (y - region_.top) * region_.words();
    }

    // Sets the bits of n words of row y, from word `left` of the image on.
    void add(std::int64_t y, std::int64_t left, const std::uint64_t* bits, std::size_t n) {
        std::uint64_t* const to = row(y) + (left - region_.left);
        for (std::size_t i = 0; i < n; ++i) to[i] |= bits[i];
    }

  private:
    Region region_;
    std::vector<std::uint64_t> bits_;
};

}  // namespace panfuse::fusion

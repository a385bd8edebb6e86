// Masks as COCO's runs: column by column, alternating counts of background and foreground.
#include <algorithm>
#include <utility>
#include <vector>

#include "fusion/mask_source.h"

namespace panfuse::fusion {
namespace {

class RunMasks final : public MaskSource {
  public:
    explicit RunMasks(const rle::Masks& masks) : masks_(masks) {
        for (std::size_t k = 0; k < masks.size(); ++k) regions_.push_back(find_region(k));
    }

    Region region(std::int64_t k) const override { return regions_[static_cast<std::size_t>(k)]; }

    void draw(std::int64_t k, BitPlane& plane) const override {
        const std::int64_t words = plane.region().words();
        const std::int64_t first_word = plane.region().left;
        each_stretch(static_cast<std::size_t>(k),
                     [&](std::int64_t x, std::int64_t y_begin, std::int64_t y_end) {
                         std::uint64_t* at = plane.row(y_begin) + (x / 64 - first_word);
                         const std::uint64_t bit = std::uint64_t{1} << x % 64;
                         for (std::int64_t y = y_begin; y < y_end; ++y, at += words) *at |= bit;
                     });
    }

    double probability(std::int64_t k) const override {
        std::int64_t area = 0;
        each_stretch(static_cast<std::size_t>(k),
                     [&](std::int64_t, std::int64_t y_begin, std::int64_t y_end) {
                         area += y_end - y_begin;
                     });
        return static_cast<double>(area);
    }

  private:
    // Calls body(x, y_begin, y_end) for the foreground of each column.
    template <class Body>
    void each_stretch(std::size_t k, Body&& body) const {
        const std::int64_t height = masks_.size_of(k).height;
        std::int64_t at = 0;
        bool inside = false;
        for (const std::uint32_t count : masks_[k]) {
            const std::int64_t end = at + count;
            while (inside && at < end) {
                const std::int64_t x = at / height;
                const std::int64_t stop = std::min(end, (x + 1) * height);
                body(x, at - x * height, stop - x * height);
                at = stop;
            }
            at = end;
            inside = !inside;
        }
    }

    Region find_region(std::size_t k) const {
        Region region{masks_.size_of(k).height, 0, -1, 0};
        each_stretch(k, [&](std::int64_t x, std::int64_t y_begin, std::int64_t y_end) {
            region.top = std::min(region.top, y_begin);
            region.bottom = std::max(region.bottom, y_end);
            if (region.left < 0) region.left = x / 64;
            region.right = x / 64 + 1;
        });
        return region.left < 0 ? Region{} : region;
    }

    const rle::Masks& masks_;
    std::vector<Region> regions_;
};

}  // namespace

std::unique_ptr<MaskSource> run_masks(const rle::Masks& masks) {
    return std::make_unique<RunMasks>(masks);
}

}  // namespace panfuse::fusion

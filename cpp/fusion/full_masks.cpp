#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "fusion/float_planes.h"
#include "fusion/mask_source.h"
#include "labeling/pixels.h"
#include "support/batch.h"

namespace panfuse::fusion {
namespace {

class FullMasks : public MaskSource {
  public:
    explicit FullMasks(ImageSize size) : size_(size) {}

    Region region(std::int64_t) const override {
        return {0, size_.height, 0, words_of(size_.width)};
    }

  protected:
    std::size_t width() const { return static_cast<std::size_t>(size_.width); }
    std::size_t words() const { return static_cast<std::size_t>(words_of(size_.width)); }

    ImageSize size_;
};

class ProbabilityMasks final : public FullMasks {
  public:
    ProbabilityMasks(const ArrayView& masks, ImageSize size, Threshold threshold)
        : FullMasks(size), planes_(masks), threshold_(threshold) {}

    void draw(std::int64_t k, BitPlane& plane) const override {
        std::vector<float> copy(width());
        std::vector<std::uint64_t> bits(words());
        for (std::int64_t y = 0; y < size_.height; ++y) {
            const float* const row =
                planes_.read(static_cast<std::size_t>(k), y, 0, width(), copy.data());
            mask_kernels().foreground(row, width(), threshold_, bits.data());
            plane.add(y, 0, bits.data(), bits.size());
        }
    }

    // In fixed point, so that the order does not matter.
    double probability(std::int64_t k) const override {
        constexpr double unit = 1073741824.0;
        std::vector<float> copy(width());
        std::int64_t sum = 0;
        for (std::int64_t y = 0; y < size_.height; ++y) {
            const float* const row =
                planes_.read(static_cast<std::size_t>(k), y, 0, width(), copy.data());
            for (std::size_t x = 0; x < width(); ++x) {
                const bool set =
                    threshold_.strict ? row[x] > threshold_.value : row[x] >= threshold_.value;
                if (!set) continue;
                if (!(row[x] <= 1.0f))
                    throw std::invalid_argument("masks: expected probabilities, got " +
                                                std::to_string(row[x]));
                sum += static_cast<std::int64_t>(static_cast<double>(row[x]) * unit);
            }
        }
        return static_cast<double>(sum) / unit;
    }

  private:
    FloatPlanes planes_;
    Threshold threshold_;
};

class BinaryMasks final : public FullMasks {
  public:
    BinaryMasks(const ArrayView& masks, ImageSize size)
        : FullMasks(size), items_(items_of(masks, true)) {}

    void draw(std::int64_t k, BitPlane& plane) const override {
        labeling::Pixels pixels(items_[static_cast<std::size_t>(k)], {std::uint64_t{0}, true});
        std::vector<std::uint64_t> starts(words()), inside(words());
        for (std::int64_t y = 0; y < size_.height; ++y) {
            pixels.scan(y, starts.data(), inside.data(), nullptr);
            plane.add(y, 0, inside.data(), inside.size());
        }
    }

    double probability(std::int64_t k) const override {
        BitPlane plane(region(k));
        draw(k, plane);
        Overlap sum;
        for (std::int64_t y = 0; y < size_.height; ++y)
            mask_kernels().measure(plane.row(y), plane.row(y), words(), &sum);
        return static_cast<double>(sum.area);
    }

  private:
    std::vector<ArrayView> items_;
};

}  // namespace

std::unique_ptr<MaskSource> full_masks(const ArrayView& masks, ImageSize size,
                                       Threshold threshold) {
    if (masks.shape[1] != size.height || masks.shape[2] != size.width)
        throw std::invalid_argument(
            "masks: expected masks of the size of the image, " + std::to_string(size.height) +
            " x " + std::to_string(size.width) + ", got " + std::to_string(masks.shape[1]) + " x " +
            std::to_string(masks.shape[2]));
    if (is_float(masks.dtype)) return std::make_unique<ProbabilityMasks>(masks, size, threshold);
    return std::make_unique<BinaryMasks>(masks, size);
}

}  // namespace panfuse::fusion

// Masks that are stretched to boxes, as detectron2's paste_masks_in_image does it: bilinear, with
// zeros around the mask, half-pixel centres (align_corners=False), in the region of the box and one
// pixel around it.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "fusion/float_planes.h"
#include "fusion/mask_source.h"
#include "fusion/scalars.h"
#include "support/math.h"

namespace panfuse::fusion {
namespace {

// Where the pixels of one axis of an image sample an axis of a mask.
struct Place {
    std::int64_t first;  // the first of two neighbours: -1 to n - 1, or n where both are outside
    float near, far;     // the weights of the two
};

// In the steps, and with the roundings, that torch takes.
Place place_of(std::int64_t pixel, float begin, float end, std::int64_t n) {
    const float grid = (static_cast<float>(pixel) + 0.5f - begin) / (end - begin) * 2.0f - 1.0f;
    const float at = fused(grid + 1.0f, static_cast<float>(n) / 2.0f, -0.5f);
    const float first = std::floor(at);
    const float far = at - first;
    if (!(first >= -1.0f && first < static_cast<float>(n))) return {n, 0.0f, 0.0f};
    return {static_cast<std::int64_t>(first), 1.0f - far, far};
}

std::int64_t clamped(float value, std::int64_t most) {
    if (!(value > 0.0f)) return 0;
    return value < static_cast<float>(most) ? static_cast<std::int64_t>(value) : most;
}

struct Box {
    float x0, y0, x1, y1;

    bool empty() const { return !(x1 > x0 && y1 > y0); }
};

// A row of a mask, spread out to the columns of the image: each column's two neighbours.
struct SpreadRow {
    std::int64_t row = -2;
    float largest = 0.0f;
    std::vector<float> left, right;
};

class RoiMasks final : public MaskSource {
  public:
    RoiMasks(const ArrayView& masks, const ArrayView& boxes, ImageSize size, Threshold threshold)
        : planes_(masks), size_(size), threshold_(threshold) {
        const std::vector<double> corners = read_reals(boxes);
        for (std::size_t k = 0; k < corners.size(); k += 4) {
            float corner[4];
            for (std::size_t i = 0; i < 4; ++i) {
                corner[i] = static_cast<float>(corners[k + i]);
                if (!std::isfinite(corner[i]))
                    throw std::invalid_argument("boxes: expected finite numbers, got " +
                                                std::to_string(corners[k + i]) + " in box " +
                                                std::to_string(k / 4));
            }
            boxes_.push_back({corner[0], corner[1], corner[2], corner[3]});
        }
    }

    Region region(std::int64_t k) const override {
        const Box& box = boxes_[static_cast<std::size_t>(k)];
        if (box.empty()) return {};
        const std::int64_t left = clamped(std::floor(box.x0) - 1.0f, size_.width);
        const std::int64_t right = clamped(std::ceil(box.x1) + 1.0f, size_.width);
        return {clamped(std::floor(box.y0) - 1.0f, size_.height),
                clamped(std::ceil(box.y1) + 1.0f, size_.height), left / 64,
                left < right ? words_of(right) : left / 64};
    }

    void draw(std::int64_t k, BitPlane& plane) const override;

    double probability(std::int64_t) const override {
        throw std::invalid_argument(
            "masks: expected masks of the size of the image with this preset, got masks with "
            "boxes");
    }

  private:
    void spread(std::int64_t k, std::int64_t row, const std::vector<std::int32_t>& columns,
                std::vector<float>& copy, SpreadRow& out) const;

    FloatPlanes planes_;
    ImageSize size_;
    Threshold threshold_;
    std::vector<Box> boxes_;
};

void RoiMasks::spread(std::int64_t k, std::int64_t row, const std::vector<std::int32_t>& columns,
                      std::vector<float>& copy, SpreadRow& out) const {
    if (out.row == row) return;
    out.row = row;
    out.largest = 0.0f;
    const auto n = static_cast<std::size_t>(planes_.width());
    std::fill(copy.begin(), copy.end(), 0.0f);
    if (row >= 0 && row < planes_.height()) {
        const float* const values =
            planes_.read(static_cast<std::size_t>(k), row, 0, n, copy.data() + 1);
        if (values != copy.data() + 1) std::copy_n(values, n, copy.data() + 1);
        for (std::size_t x = 1; x <= n; ++x)
            if (copy[x] > out.largest) out.largest = copy[x];
    }
    for (std::size_t x = 0; x < columns.size(); ++x) {
        const auto at = static_cast<std::size_t>(columns[x]);
        out.left[x] = copy[at];
        out.right[x] = copy[at + 1];
    }
}

void RoiMasks::draw(std::int64_t k, BitPlane& plane) const {
    const Region region = this->region(k);
    if (region.empty()) return;
    const Box& box = boxes_[static_cast<std::size_t>(k)];
    const auto words = static_cast<std::size_t>(region.words());
    const std::size_t columns = 64 * words;
    const std::int64_t begin = clamped(std::floor(box.x0) - 1.0f, size_.width);
    const std::int64_t end = clamped(std::ceil(box.x1) + 1.0f, size_.width);
    const std::int64_t n = planes_.width();
    std::vector<std::int32_t> first(columns, static_cast<std::int32_t>(n + 1));
    std::vector<float> left(columns, 0.0f), right(columns, 0.0f);
    for (std::int64_t x = begin; x < end; ++x) {
        const Place place = place_of(x, box.x0, box.x1, n);
        const auto at = static_cast<std::size_t>(x - 64 * region.left);
        first[at] = static_cast<std::int32_t>(place.first + 1);
        left[at] = place.near;
        right[at] = place.far;
    }
    std::vector<float> copy(static_cast<std::size_t>(n) + 3);
    std::vector<std::uint64_t> bits(words);
    SpreadRow above, below;
    for (SpreadRow* row : {&above, &below}) {
        row->left.resize(columns);
        row->right.resize(columns);
    }
    for (std::int64_t y = region.top; y < region.bottom; ++y) {
        const Place place = place_of(y, box.y0, box.y1, planes_.height());
        if (place.first == planes_.height()) continue;
        if (below.row == place.first) std::swap(above, below);
        spread(k, place.first, first, copy, above);
        spread(k, place.first + 1, first, copy, below);
        // No mixture is above both rows, but for its roundings.
        const float most = std::max(above.largest, below.largest);
        if (most * 1.00001f < threshold_.value) continue;
        mask_kernels().paste(
            {above.left.data(), above.right.data(), below.left.data(), below.right.data(),
             left.data(), right.data(), place.near, place.far, words},
            threshold_, bits.data());
        plane.add(y, region.left, bits.data(), words);
    }
}

}  // namespace

std::unique_ptr<MaskSource> roi_masks(const ArrayView& masks, const ArrayView& boxes,
                                      ImageSize size, Threshold threshold) {
    if (masks.shape[1] == 0 || masks.shape[2] == 0)
        throw std::invalid_argument("masks: expected masks of at least one row and column");
    return std::make_unique<RoiMasks>(masks, boxes, size, threshold);
}

}  // namespace panfuse::fusion

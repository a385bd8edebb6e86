#include "fusion/grouping.h"

#include <algorithm>
#include <limits>

#include "fusion/plane_views.h"
#include "labeling/pixels.h"

namespace panfuse::fusion {
Grouping::Grouping(const ArrayView& offsets, const std::vector<Point>& centers,
                   const std::array<bool, 3>& circular)
    : axes_(static_cast<std::size_t>(offsets.rank - 1)) {
    shape_ = labeling::shape_of(part_of(offsets, 0));
    const std::int64_t lengths[] = {shape_.planes, shape_.height, shape_.width};
    for (std::size_t axis = 0; axis < axes_; ++axis) {
        const ArrayView planes = as_planes(part_of(offsets, static_cast<std::int64_t>(axis)));
        offsets_.emplace_back(planes);
        direct_ = direct_ && lies_as_floats(planes);
        pitch_ = planes.strides[1] / static_cast<std::int64_t>(sizeof(float));
        for (const Point& center : centers) centers_[axis].push_back(center[axis]);
        centers_[axis].resize(centers.size() + group_slack, std::numeric_limits<float>::infinity());
        list_.at[axis] = centers_[axis].data();
        list_.period[axis] = circular[axis] ? static_cast<float>(lengths[3 - axes_ + axis]) : 0.0f;
        circular_ = circular_ || circular[axis];
    }
    list_.count = centers.size();
}

void Grouping::write(std::int64_t begin, std::int64_t end, const std::uint16_t* codes,
                     Key* keys) const {
    const std::int64_t width = shape_.width;
    if (list_.count == 0) {
        std::copy(codes, codes + (end - begin) * width, keys);
        return;
    }
    const std::size_t room = list_.count + group_slack;
    std::vector<float> numbers((axes_ + 1) * room);
    std::vector<std::uint32_t> indices(room);
    GroupScratch scratch{{numbers.data() + room, numbers.data() + 2 * room,
                          axes_ > 2 ? numbers.data() + 3 * room : nullptr},
                         numbers.data(),
                         indices.data()};
    std::vector<float> copies(direct_ ? 0 : axes_ * tile_rows * most_cols);
    for (std::int64_t row = begin, rows = 0; row < end; row += rows) {
        const std::int64_t z = row / shape_.height, y = row % shape_.height;
        rows = std::min({end - row, shape_.height - y, tile_rows});
        for (std::int64_t x = 0, cols = 0; x < width; x += cols) {
            cols = width - x <= most_cols ? width - x : tile_cols;
            GroupTile tile{};
            tile.rows = static_cast<std::size_t>(rows);
            tile.cols = static_cast<std::size_t>(cols);
            tile.z = static_cast<float>(z);
            tile.y = static_cast<float>(y);
            tile.x = static_cast<float>(x);
            tile.codes = codes + (row - begin) * width + x;
            tile.keys = keys + (row - begin) * width + x;
            tile.codes_pitch = tile.keys_pitch = static_cast<std::size_t>(width);
            write_tile(tile, z, y, x, scratch, copies.data());
        }
    }
}

void Grouping::write_tile(const GroupTile& tile, std::int64_t z, std::int64_t y, std::int64_t x,
                          GroupScratch& scratch, float* copies) const {
    GroupTile read = tile;
    const auto plane = static_cast<std::size_t>(z);
    for (std::size_t axis = 0; axis < axes_; ++axis) {
        if (direct_) {
            read.offsets[axis] = offsets_[axis].read(plane, y, x, 0, nullptr);
            continue;
        }
        float* const to = copies + axis * tile_rows * most_cols;
        for (std::size_t row = 0; row < tile.rows; ++row) {
            float* const line = to + row * most_cols;
            const float* const from =
                offsets_[axis].read(plane, y + static_cast<std::int64_t>(row), x, tile.cols, line);
            if (from != line) std::copy(from, from + tile.cols, line);
        }
        read.offsets[axis] = to;
    }
    read.pitch = direct_ ? pitch_ : most_cols;
    const auto& kernels = center_kernels();
    (circular_ ? kernels.group_circular : kernels.group)[axes_ - 2](read, list_, scratch);
}

}  // namespace panfuse::fusion

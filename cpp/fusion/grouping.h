// Pixels that point, with offsets, at the centre that they belong to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fusion/cells.h"
#include "fusion/center_kernels.h"
#include "fusion/float_planes.h"
#include "labeling/rule.h"
#include "support/image.h"

namespace panfuse::fusion {

using Point = std::array<float, 3>;  // by axis, outermost first; two axes leave the last unused

class Grouping {
  public:
    // The offsets have the axes (2, H, W) or (3, D, H, W) and hold floats. At most most_owners
    // centres, whose coordinates are below 1e15 either way.
    Grouping(const ArrayView& offsets, const std::vector<Point>& centers,
             const std::array<bool, 3>& circular);

    // The pixels.
    const labeling::Shape& shape() const { return shape_; }

    // Writes the keys of rows [begin, end) of all planes, of which `codes` holds the classes with
    // the foreground's bit. Rows lie side by side.
    void write(std::int64_t begin, std::int64_t end, const std::uint16_t* codes, Key* keys) const;

  private:
    static constexpr std::int64_t tile_rows = 8, tile_cols = 64, most_cols = 96;

    void write_tile(const GroupTile& tile, std::int64_t z, std::int64_t y, std::int64_t x,
                    GroupScratch& scratch, float* copies) const;

    labeling::Shape shape_;
    std::size_t axes_;
    std::vector<FloatPlanes> offsets_;  // by axis
    bool direct_ = true;                // all of them lie as rows of float32,
    std::int64_t pitch_ = 0;            // that are so many floats apart
    bool circular_ = false;
    std::array<std::vector<float>, 3> centers_;  // by axis, with group_slack at the end
    CenterList list_{};
};

}  // namespace panfuse::fusion

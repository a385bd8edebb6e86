// A map of categories as a panoptic map: things are split into components, stuff is one segment for
// each category.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "labeling/columns.h"
#include "labeling/regions.h"
#include "support/image.h"

namespace panfuse::labeling {

class Split {
  public:
    // The map must outlive the object.
    Split(const ArrayView& semantic, SplitOptions options, std::optional<int> threads);

    // Finds the segments; how many there are. std::invalid_argument if a category that is not
    // ignored is below 0 or does not fit 32 bits.
    std::int64_t count();

    // Writes the map of ids 1..count(), by first pixel, in C order, and one row for each. After
    // `count`.
    void write(std::int32_t* ids, const SegmentColumns& columns) const;

  private:
    struct Segment {
        std::int32_t category;
        bool is_thing;
    };

    ArrayView semantic_;
    SplitOptions options_;
    int threads_;
    std::vector<Regions> regions_;   // of the one map
    std::vector<Segment> segments_;  // by id
};

}  // namespace panfuse::labeling

// Holes: background that a single component encloses.
#pragma once

#include <cstddef>
#include <cstdint>

#include "labeling/regions.h"
#include "labeling/source.h"

namespace panfuse::labeling {

// The background of an image.
class Complement final : public Source {
  public:
    explicit Complement(const Regions& regions) : regions_(regions) {}

    std::size_t scan(std::int64_t row, std::uint64_t* starts, std::uint64_t* inside,
                     std::uint64_t* same) override;
    bool is_binary() const override { return true; }
    const void* pixels(std::int64_t) override { return nullptr; }
    Kernels::Touch touch() const override { return kernels().touch_binary; }

  private:
    const Regions& regions_;
};

// The components of the background, connected by `steps`.
Regions background_of(const Regions& regions, int steps);

// Adds to `regions` the holes of at most `most_area` pixels: components of the background,
// connected the dual way of `steps`, that do not touch the border, and whose neighbours through
// faces all are of one component.
void fill_holes(Regions& regions, int steps, int rank, std::int64_t most_area);

}  // namespace panfuse::labeling

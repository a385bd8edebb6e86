// The map that masks are laid on, one after the other: what is there stays.
#pragma once

#include <cstdint>

#include "fusion/bit_plane.h"
#include "fusion/mask_kernels.h"
#include "fusion/mask_source.h"

namespace panfuse::fusion {

// Pixels and where they are.
struct Extent {
    std::int64_t area = 0;
    std::int64_t left = INT64_MAX, top = INT64_MAX, right = 0, bottom = 0;

    void add(std::int64_t y, std::int64_t x_begin, std::int64_t x_end, std::int64_t pixels);
    void add(const Extent& other);
};

class Overlay {
  public:
    // `ids` has the pixels of the image, in C order.
    Overlay(ImageSize size, std::int32_t* ids);

    // The pixels of a mask, and how many of them are taken.
    Overlap measure(const BitPlane& mask) const;

    // Gives the free pixels of a mask a number.
    Extent lay(const BitPlane& mask, std::int32_t number);

    // The taken pixels of a row.
    const std::uint64_t* taken(std::int64_t y) const { return taken_.row(y); }

  private:
    ImageSize size_;
    std::int32_t* ids_;
    BitPlane taken_;
};

}  // namespace panfuse::fusion

// Where rows of an image come from, as bits and as comparable pixels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "labeling/kernels.h"
#include "labeling/rule.h"

namespace panfuse::labeling {

class Source {
  public:
    virtual ~Source() = default;

    // Writes the bits of a row, and returns how many runs start in it. If `same` is not null, and
    // the image not binary, also where the pixels equal those of the row before (see kernels.h).
    virtual std::size_t scan(std::int64_t row, std::uint64_t* starts, std::uint64_t* inside,
                             std::uint64_t* same) = 0;

    virtual bool is_binary() const = 0;

    // The pixels of a row, as `touch` compares them; they may be lost when rows are asked for that
    // are more than a plane and a row away. Null for binary images.
    virtual const void* pixels(std::int64_t row) = 0;

    // Finds contacts of rows of this source.
    virtual Kernels::Touch touch() const = 0;
};

}  // namespace panfuse::labeling

// Masks without their holes or specks: every plane of the last two axes of an array is a mask.
#pragma once

#include <cstdint>
#include <optional>

#include "labeling/columns.h"
#include "support/image.h"

namespace panfuse::labeling {

class Masks {
  public:
    // The masks must outlive the object, and have two axes or more.
    Masks(const ArrayView& masks, const MaskOptions& options, std::optional<int> threads);

    // Writes all masks in C order, in their dtype.
    void write(void* out) const;

  private:
    ArrayView masks_;
    MaskOptions options_;
    int threads_;
};

}  // namespace panfuse::labeling

// Union and intersection of masks.
#pragma once

#include "rle/masks.h"

namespace panfuse::rle {

// The pixels that are foreground in any mask, or in all of them, as one mask with canonical counts.
// The masks, at least one, have one size.
Masks merge(const Masks& masks, bool intersect);

}  // namespace panfuse::rle

// What is known of a mask from its counts alone.
#pragma once

#include <cstdint>

#include "rle/masks.h"

namespace panfuse::rle {

// Pixels of foreground.
std::int64_t area(Runs counts);

// The smallest box around the foreground; all 0 where there is none.
Box box(Runs counts, Size size);

}  // namespace panfuse::rle

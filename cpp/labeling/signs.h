// What the rule of SAM writes.
#pragma once

#include <cstdint>

#include "support/image.h"

namespace panfuse::labeling {

// The bytes of a number in a dtype of floats, rounded to nearest.
std::uint64_t float_bytes(double value, Dtype dtype);

}  // namespace panfuse::labeling

// Short arrays of any dtype and strides, element by element.
#pragma once

#include <cstdint>
#include <vector>

#include "support/image.h"

namespace panfuse::fusion {

// In C order.
std::vector<double> read_reals(const ArrayView& array);

// Of integers or bools; unsigned numbers above 2^63 - 1 are read as that.
std::vector<std::int64_t> read_integers(const ArrayView& array);

}  // namespace panfuse::fusion

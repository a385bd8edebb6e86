// The tables that the instruction set files define; png/unfilter.cpp chooses among them.
#pragma once

#include "png/unfilter.h"

namespace panfuse::png {

const Unfilter& baseline_unfilter();
const Unfilter& avx2_unfilter();
const Unfilter& avx512_unfilter();

}  // namespace panfuse::png

// The tables that the instruction set files define; runs/scanner.cpp chooses among them.
#pragma once

#include "runs/scanner.h"

namespace panfuse::runs {

const Scanner& baseline_scanner();
const Scanner& avx2_scanner();
const Scanner& avx512_scanner();
const Scanner& neon_scanner();

}  // namespace panfuse::runs

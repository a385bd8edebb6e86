#include <immintrin.h>

#include "runs/scanner_tables.h"

namespace panfuse::runs {
namespace {

#include "runs/compare_avx2.inc"
#include "runs/scanner_append.inc"
#include "runs/scanner_steps.inc"
#include "runs/scanner_walk.inc"

}  // namespace

const Scanner& avx2_scanner() { return table; }

}  // namespace panfuse::runs

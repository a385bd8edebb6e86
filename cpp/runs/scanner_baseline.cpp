// What every CPU of the architecture has: SSE2 on x86-64, plain loops elsewhere.
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "runs/scanner_tables.h"

namespace panfuse::runs {
namespace {

#include "runs/compare_baseline.inc"
#include "runs/scanner_append.inc"
#include "runs/scanner_steps.inc"
#include "runs/scanner_walk.inc"

}  // namespace

const Scanner& baseline_scanner() { return table; }

}  // namespace panfuse::runs

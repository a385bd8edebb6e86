#include <arm_neon.h>

#include "runs/scanner_tables.h"

namespace panfuse::runs {
namespace {

#include "runs/compare_neon.inc"
#include "runs/scanner_append.inc"
#include "runs/scanner_steps.inc"
#include "runs/scanner_walk.inc"

}  // namespace

const Scanner& neon_scanner() { return table; }

}  // namespace panfuse::runs

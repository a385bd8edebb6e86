#include <immintrin.h>

#include "runs/scanner_tables.h"

namespace panfuse::runs {
namespace {

#include "runs/compare_avx512.inc"
#include "runs/scanner_append_avx512.inc"
#include "runs/scanner_walk.inc"

}  // namespace

const Scanner& avx512_scanner() { return table; }

}  // namespace panfuse::runs

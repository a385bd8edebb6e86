#include <arm_neon.h>

#include "labeling/kernels_tables.h"

namespace panfuse::labeling {
namespace {

#include "labeling/kernels_append.inc"
#include "labeling/kernels_describe.inc"
#include "labeling/kernels_fill.inc"
#include "labeling/kernels_positions.inc"
#include "runs/compare_neon.inc"
#include "runs/scanner_steps.inc"

#include "labeling/kernels_signs.inc"

template <class Label>
void fill(const BitRow& bits, std::size_t n, const std::uint32_t* labels, void* out) {
    fill_runs<Label>(bits, n, labels, out);
}

#include "labeling/kernels_walk.inc"

}  // namespace

const Kernels& neon_kernels() { return table; }

}  // namespace panfuse::labeling

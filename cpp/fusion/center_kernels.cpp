#include "fusion/center_kernels.h"

#include "fusion/center_tables.h"

namespace panfuse::fusion {

const CenterKernels& center_kernels() {
    switch (isa::current()) {
#if defined(PANFUSE_X86)
        case isa::Level::avx512: return avx512_center_kernels();
        case isa::Level::avx2: return avx2_center_kernels();
#endif
        default: return baseline_center_kernels();
    }
}

}  // namespace panfuse::fusion

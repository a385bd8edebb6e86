#include "fusion/mask_kernels.h"

#include "fusion/mask_tables.h"

namespace panfuse::fusion {

const MaskKernels& mask_kernels() {
    switch (isa::current()) {
#if defined(PANFUSE_X86)
        case isa::Level::avx512: return avx512_mask_kernels();
        case isa::Level::avx2: return avx2_mask_kernels();
#endif
        default: return baseline_mask_kernels();
    }
}

}  // namespace panfuse::fusion

#include "labeling/kernels.h"

#include "labeling/kernels_tables.h"

namespace panfuse::labeling {

const Kernels& kernels() {
    switch (isa::current()) {
#if defined(PANFUSE_X86)
        case isa::Level::avx512: return avx512_kernels();
        case isa::Level::avx2: return avx2_kernels();
#elif defined(PANFUSE_NEON)
        case isa::Level::neon: return neon_kernels();
#endif
        default: return baseline_kernels();
    }
}

}  // namespace panfuse::labeling

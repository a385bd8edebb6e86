#include "png/zlib_kernels.h"

#include "png/zlib_kernels_tables.h"

namespace panfuse::png {

const ZlibKernels& zlib_kernels() {
    switch (isa::current()) {
#if defined(PANFUSE_X86)
        case isa::Level::avx512: return avx512_zlib_kernels();
        case isa::Level::avx2: return avx2_zlib_kernels();
#endif
        default: return baseline_zlib_kernels();
    }
}

}  // namespace panfuse::png

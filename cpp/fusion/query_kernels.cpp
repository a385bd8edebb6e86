#include "fusion/query_kernels.h"

#include "fusion/query_tables.h"

namespace panfuse::fusion {

const QueryKernels& query_kernels() {
    switch (isa::current()) {
#if defined(PANFUSE_X86)
        case isa::Level::avx512: return avx512_query_kernels();
        case isa::Level::avx2: return avx2_query_kernels();
#endif
        default: return baseline_query_kernels();
    }
}

}  // namespace panfuse::fusion

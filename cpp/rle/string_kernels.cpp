#include "rle/string_kernels.h"

#include "rle/string_kernels_tables.h"

namespace panfuse::rle {

const StringKernels* string_kernels() {
    switch (isa::current()) {
#if defined(PANFUSE_X86)
        case isa::Level::avx512: return &avx512_string_kernels();
        case isa::Level::avx2: return &avx2_string_kernels();
#endif
        default: return nullptr;
    }
}

}  // namespace panfuse::rle

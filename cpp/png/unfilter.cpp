#include "png/unfilter.h"

#include "png/unfilter_tables.h"

namespace panfuse::png {

const Unfilter& unfilter() {
    switch (isa::current()) {
#if defined(PANFUSE_X86)
        case isa::Level::avx512: return avx512_unfilter();
        case isa::Level::avx2: return avx2_unfilter();
#endif
        default: return baseline_unfilter();
    }
}

}  // namespace panfuse::png

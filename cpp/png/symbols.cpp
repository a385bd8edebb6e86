#include "png/symbols.h"

#include "png/symbols_tables.h"

namespace panfuse::png {

DecodeSymbols decode_symbols() {
    switch (isa::current()) {
#if defined(PANFUSE_X86)
        case isa::Level::avx512: return avx512_symbols().decode;
        case isa::Level::avx2: return avx2_symbols().decode;
#endif
        default: return baseline_symbols().decode;
    }
}

}  // namespace panfuse::png

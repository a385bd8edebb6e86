#include "runs/scanner.h"

#include "runs/scanner_tables.h"

namespace panfuse::runs {

const Scanner& scanner(isa::Level level) {
    switch (level) {
#if defined(PANFUSE_X86)
        case isa::Level::avx512: return avx512_scanner();
        case isa::Level::avx2: return avx2_scanner();
#elif defined(PANFUSE_NEON)
        case isa::Level::neon: return neon_scanner();
#endif
        default: return baseline_scanner();
    }
}

const Scanner& scanner() { return scanner(isa::current()); }

}  // namespace panfuse::runs

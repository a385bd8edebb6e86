#include <immintrin.h>

#include "fusion/resample_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/lanes_avx512.inc"

Ints load_narrow(const std::uint16_t* from) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
void store_narrow(std::uint16_t* to, Ints value) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(value));
}

#include "fusion/resample_walk.inc"

}  // namespace

const ResampleKernels& avx512_resample_kernels() { return table; }

}  // namespace panfuse::fusion

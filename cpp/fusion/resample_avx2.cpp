#include <immintrin.h>

#include "fusion/resample_tables.h"

namespace panfuse::fusion {
namespace {

#include "fusion/lanes_avx2.inc"

Ints load_narrow(const std::uint16_t* from) {
    return _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
void store_narrow(std::uint16_t* to, Ints value) {
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(value, value), 0x88);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(packed));
}

#include "fusion/resample_walk.inc"

}  // namespace

const ResampleKernels& avx2_resample_kernels() { return table; }

}  // namespace panfuse::fusion

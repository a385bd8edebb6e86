#include "fusion/resample.h"

#include <algorithm>

#include "fusion/resample_tables.h"
#include "support/math.h"

namespace panfuse::fusion {

Taps find_taps(std::int64_t source, std::int64_t length, std::int64_t count, std::int64_t multiple,
               bool align_corners) {
    const std::int64_t padded = (count + multiple - 1) / multiple * multiple;
    const auto n = static_cast<std::size_t>(padded);
    Taps taps{std::vector<std::int32_t>(n), std::vector<std::int32_t>(n), std::vector<float>(n),
              std::vector<float>(n)};
    const float scale = !align_corners ? static_cast<float>(source) / static_cast<float>(length)
                        : length > 1
                            ? static_cast<float>(source - 1) / static_cast<float>(length - 1)
                            : 0.0f;
    for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t place = std::min(static_cast<std::int64_t>(i), count - 1);
        const float at =
            align_corners ? scale * static_cast<float>(place)
                          : std::max(fused(scale, static_cast<float>(place) + 0.5f, -0.5f), 0.0f);
        const auto first = std::min(static_cast<std::int64_t>(at), source - 1);
        taps.first[i] = static_cast<std::int32_t>(first);
        taps.second[i] = static_cast<std::int32_t>(std::min(first + 1, source - 1));
        taps.far[i] = std::min(at - static_cast<float>(first), 1.0f);
        taps.near[i] = 1.0f - taps.far[i];
        if (source == length) taps.second[i] = taps.first[i];  // as torch: NaN does not spread
    }
    return taps;
}

const ResampleKernels& resample_kernels() {
    switch (isa::current()) {
#if defined(PANFUSE_X86)
        case isa::Level::avx512: return avx512_resample_kernels();
        case isa::Level::avx2: return avx2_resample_kernels();
#endif
        default: return baseline_resample_kernels();
    }
}

}  // namespace panfuse::fusion

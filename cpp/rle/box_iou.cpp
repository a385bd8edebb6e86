#include "rle/box_iou.h"

#include <cmath>

namespace panfuse::rle {

void box_ious(std::span<const double> a, std::span<const double> b,
              std::span<const std::uint8_t> crowds, double* out) {
    for (std::size_t j = 0; j + 4 <= b.size(); j += 4) {
        const double b_area = b[j + 2] * b[j + 3];
        for (std::size_t i = 0; i + 4 <= a.size(); i += 4, ++out) {
            *out = 0;
            const double w = std::fmin(a[i + 2] + a[i], b[j + 2] + b[j]) - std::fmax(a[i], b[j]);
            if (w <= 0) continue;
            const double h =
                std::fmin(a[i + 3] + a[i + 1], b[j + 3] + b[j + 1]) - std::fmax(a[i + 1], b[j + 1]);
            if (h <= 0) continue;
            const double shared = w * h, a_area = a[i + 2] * a[i + 3];
            *out = shared / (crowds[j / 4] != 0 ? a_area : a_area + b_area - shared);
        }
    }
}

}  // namespace panfuse::rle

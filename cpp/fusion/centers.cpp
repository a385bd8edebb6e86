#include "fusion/centers.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "fusion/center_kernels.h"
#include "fusion/float_planes.h"
#include "fusion/plane_views.h"
#include "support/parallel.h"
#include "support/uninitialized.h"

namespace panfuse::fusion {
namespace {

constexpr std::int64_t rows_of_chunk = 64;

// A heatmap as rows of float32, copied where it is none.
class Heat {
  public:
    Heat(const ArrayView& heatmap, int threads)
        : height_(heatmap.shape[0]), width_(heatmap.shape[1]) {
        const ArrayView view = as_planes(heatmap);
        if (lies_as_floats(view)) {
            data_ = static_cast<const float*>(heatmap.data);
            pitch_ = heatmap.strides[0] / static_cast<std::int64_t>(sizeof(float));
            return;
        }
        const FloatPlanes planes(view);
        pitch_ = width_;
        copy_.resize(static_cast<std::size_t>(height_ * width_));
        data_ = copy_.data();
        run_chunks(threads, (height_ + rows_of_chunk - 1) / rows_of_chunk,
                   [&](int, std::int64_t chunk) {
                       const std::int64_t stop = std::min(height_, (chunk + 1) * rows_of_chunk);
                       const auto n = static_cast<std::size_t>(width_);
                       for (std::int64_t y = chunk * rows_of_chunk; y < stop; ++y) {
                           float* const line = copy_.data() + y * width_;
                           const float* const from = planes.read(0, y, 0, n, line);
                           if (from != line) std::copy(from, from + n, line);
                       }
                   });
    }

    std::int64_t height() const { return height_; }
    std::int64_t width() const { return width_; }
    const float* row(std::int64_t y) const { return data_ + y * pitch_; }

  private:
    const float* data_;
    std::int64_t height_, width_, pitch_;
    UninitializedVector<float> copy_;
};

// A stretch of columns.
struct Span {
    std::int64_t begin, end;
};

class Search {
  public:
    Search(const Heat& heat, const CenterOptions& options)
        : heat_(heat),
          options_(options),
          rules_{std::max(options.threshold, 0.0f), options.first, options.nan_hides},
          reach_(options.nms_kernel / 2),
          outside_(static_cast<std::size_t>(heat.width()) + 2,
                   -std::numeric_limits<float>::infinity()) {}

    void row(std::int64_t y, std::uint32_t* found, std::vector<Center>& to) const {
        const float* const values = heat_.row(y);
        const std::int64_t n = heat_.width();
        if (reach_ == 0) {
            for (std::int64_t x = 0; x < n; ++x)
                if (values[x] > rules_.threshold) to.push_back({values[x], y, x});
            return;
        }
        const float* const outside = outside_.data() + 1;
        const HeatRows rows{y > 0 ? heat_.row(y - 1) : outside, values,
                            y + 1 < heat_.height() ? heat_.row(y + 1) : outside,
                            static_cast<std::size_t>(n)};
        const std::size_t count = center_kernels().peaks(rows, rules_, found);
        for (std::size_t i = 0; i < count; ++i)
            if (is_center(y, found[i])) to.push_back({values[found[i]], y, found[i]});
    }

  private:
    bool is_center(std::int64_t y, std::int64_t x) const {
        for (std::int64_t step = 0; step <= reach_; ++step) {
            if (!in_row(y - step, y, x)) return false;
            if (step > 0 && !in_row(y + step, y, x)) return false;
            if (y - step < 0 && y + step >= heat_.height() && !options_.circular[0]) break;
        }
        return true;
    }

    // Whether nothing in the square's row `other` hides (y, x).
    bool in_row(std::int64_t other, std::int64_t y, std::int64_t x) const {
        const std::int64_t height = heat_.height();
        if (other < 0 || other >= height) {
            if (!options_.circular[0]) return true;
            other = (other % height + height) % height;
            if (other == y) return true;
        }
        Span spans[2];
        const int count = columns(x, spans);
        for (int i = 0; i < count; ++i) {
            const auto [begin, end] = spans[i];
            if (other != y) {
                if (hides(other, begin, end, y, x, other < y)) return false;
            } else if (hides(y, begin, std::min(end, x), y, x, true) ||
                       hides(y, std::max(begin, x + 1), end, y, x, false)) {
                return false;
            }
        }
        return true;
    }

    int columns(std::int64_t x, Span* spans) const {
        const std::int64_t n = heat_.width(), begin = x - reach_, end = x + reach_ + 1;
        if (!options_.circular[1] || (begin >= 0 && end <= n)) {
            spans[0] = {std::max<std::int64_t>(begin, 0), std::min(end, n)};
            return 1;
        }
        if (end - begin >= n) {
            spans[0] = {0, n};
            return 1;
        }
        spans[0] = {begin < 0 ? begin + n : begin, n};
        spans[1] = {0, begin < 0 ? end : end - n};
        return 2;
    }

    bool hides(std::int64_t row, std::int64_t begin, std::int64_t end, std::int64_t y,
               std::int64_t x, bool before) const {
        if (begin >= end) return false;
        return center_kernels().hides(heat_.row(row) + begin, static_cast<std::size_t>(end - begin),
                                      heat_.row(y)[x], before, rules_);
    }

    const Heat& heat_;
    const CenterOptions& options_;
    PeakRules rules_;
    std::int64_t reach_;
    std::vector<float> outside_;
};

void keep_greatest(std::vector<Center>& centers, const CenterOptions& options) {
    using Top = CenterOptions::Top;
    if (!options.top_k) return;
    const auto n = static_cast<std::int64_t>(centers.size());
    const std::int64_t most = *options.top_k;
    if (n < most || (n == most && options.top != Top::above_last)) return;
    if (options.top == Top::exactly) {
        std::vector<std::size_t> order(centers.size());
        std::iota(order.begin(), order.end(), 0u);
        std::nth_element(order.begin(), order.begin() + most, order.end(),
                         [&](std::size_t a, std::size_t b) {
                             return centers[a].heat > centers[b].heat ||
                                    (centers[a].heat == centers[b].heat && a < b);
                         });
        order.resize(static_cast<std::size_t>(most));
        std::sort(order.begin(), order.end());
        std::vector<Center> kept;
        for (const std::size_t i : order) kept.push_back(centers[i]);
        centers = std::move(kept);
        return;
    }
    std::vector<float> heats;
    for (const Center& center : centers) heats.push_back(center.heat);
    std::nth_element(heats.begin(), heats.begin() + (most - 1), heats.end(), std::greater<>());
    const float last = heats[static_cast<std::size_t>(most - 1)];
    std::erase_if(centers, [&](const Center& center) { return center.heat <= last; });
}

}  // namespace

std::vector<Center> find_centers(const ArrayView& heatmap, const CenterOptions& options,
                                 int threads) {
    std::vector<Center> centers;
    if (heatmap.size() == 0) return centers;
    const Heat heat(heatmap, threads);
    const Search search(heat, options);
    const std::int64_t chunks = (heat.height() + rows_of_chunk - 1) / rows_of_chunk;
    std::vector<std::vector<Center>> found(static_cast<std::size_t>(chunks));
    run_chunks(threads, chunks, [&](int, std::int64_t chunk) {
        std::vector<std::uint32_t> positions(static_cast<std::size_t>(heat.width()) + 64);
        const std::int64_t stop = std::min(heat.height(), (chunk + 1) * rows_of_chunk);
        for (std::int64_t y = chunk * rows_of_chunk; y < stop; ++y)
            search.row(y, positions.data(), found[static_cast<std::size_t>(chunk)]);
    });
    for (const auto& some : found) centers.insert(centers.end(), some.begin(), some.end());
    keep_greatest(centers, options);
    return centers;
}

}  // namespace panfuse::fusion

#include "fusion/logit_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace panfuse::fusion {
namespace {

// Numbers above this could overflow on the way.
constexpr float huge = 1e30f;

// So many channels are compared without looking for a better bound.
constexpr std::size_t few_channels = 4;

// How far a stretched value may lie outside of its taps: each of four products and four sums is
// rounded, and so are the weights.
float slack(float least, float greatest) {
    return 2e-6f * std::max(std::abs(least), std::abs(greatest)) + 1e-36f;
}

}  // namespace

FullLogitRows::FullLogitRows(const ArrayView& logits, std::int64_t width)
    : planes_(logits),
      width_(static_cast<std::size_t>(width)),
      best_(width_),
      copy_(width_),
      row_(width_) {}

const std::uint16_t* FullLogitRows::row(std::int64_t y) {
    const float* first = planes_.read(0, y, 0, width_, copy_.data());
    std::copy_n(first, width_, best_.data());
    std::fill(row_.begin(), row_.end(), std::uint16_t{0});
    for (std::size_t channel = 1; channel < planes_.count(); ++channel)
        resample_kernels().challenge(planes_.read(channel, y, 0, width_, copy_.data()),
                                     static_cast<std::uint16_t>(channel), width_, best_.data(),
                                     row_.data());
    return row_.data();
}

StretchedLogitRows::StretchedLogitRows(const ArrayView& logits, const SemanticSize& size)
    : planes_(logits),
      kernels_(resample_kernels()),
      height_(size.height),
      columns_(find_taps(planes_.width(), size.covered_width, size.width, block_width)),
      rows_(find_taps(planes_.height(), size.covered_height, size.height)) {
    const std::size_t channels = planes_.count();
    stride_ = columns_.first.size();
    for (std::size_t x = 0; x < stride_; x += block_width) {
        const auto first = static_cast<std::size_t>(columns_.first[x]);
        const std::size_t taps =
            static_cast<std::size_t>(columns_.second[x + block_width - 1]) - first + 1;
        const auto level = static_cast<std::size_t>(std::bit_width(taps)) - 1;
        blocks_.push_back({first, taps, level});
        levels_ = std::max(levels_, level);
    }
    const auto width = static_cast<std::size_t>(planes_.width());
    for (auto* bound : {&low_, &high_}) bound->resize((levels_ + 1) * width);
    doubt_.resize(width);
    least_.resize(blocks_.size() * channels);
    greatest_.resize(blocks_.size() * channels);
    doubtful_.resize(blocks_.size());
    candidates_.resize(channels);
    classes_.resize(static_cast<std::size_t>(semantic_band) * stride_);
    for (auto& rows : stretched_) rows.reserve(channels * block_width);
}

const std::uint16_t* StretchedLogitRows::row(std::int64_t y) {
    if (const std::int64_t band = y / semantic_band; band != band_) {
        work_out(band);
        band_ = band;
    }
    return classes_.data() + static_cast<std::size_t>(y % semantic_band) * stride_;
}

void StretchedLogitRows::work_out(std::int64_t band) {
    const std::int64_t top = band * semantic_band;
    const auto rows = static_cast<std::size_t>(std::min(semantic_band, height_ - top));
    const std::int64_t first = rows_.first[static_cast<std::size_t>(top)];
    const std::int64_t last = rows_.second[static_cast<std::size_t>(top) + rows - 1];
    find_bounds(first, static_cast<std::size_t>(last - first + 1));
    for (std::size_t block = 0; block < blocks_.size(); ++block) fill_block(block, top, rows);
}

void StretchedLogitRows::find_bounds(std::int64_t first_row, std::size_t rows) {
    const auto width = static_cast<std::size_t>(planes_.width());
    const std::size_t channels = planes_.count();
    first_row_ = first_row;
    source_rows_ = rows;
    row_pointers_.resize(rows);
    copies_.resize(rows * width);
    std::fill(doubtful_.begin(), doubtful_.end(), std::uint8_t{0});
    for (std::size_t channel = 0; channel < channels; ++channel) {
        for (std::size_t row = 0; row < rows; ++row)
            row_pointers_[row] = planes_.read(channel, first_row + static_cast<std::int64_t>(row),
                                              0, width, copies_.data() + row * width);
        kernels_.bounds(row_pointers_.data(), rows, width, low_.data(), high_.data(),
                        doubt_.data());
        // Level k at x: the bounds of the 2^k columns from x on.
        for (std::size_t level = 1; level <= levels_; ++level) {
            const std::size_t step = std::size_t{1} << (level - 1);
            kernels_.spread(low_.data() + (level - 1) * width, high_.data() + (level - 1) * width,
                            step, width - 2 * step + 1, low_.data() + level * width,
                            high_.data() + level * width);
        }
        for (std::size_t block = 0; block < blocks_.size(); ++block) {
            const auto [tap, taps, level] = blocks_[block];
            const std::size_t at = level * width + tap;
            const std::size_t other = at + taps - (std::size_t{1} << level);
            const float least = std::min(low_[at], low_[other]);
            const float greatest = std::max(high_[at], high_[other]);
            least_[block * channels + channel] = least;
            greatest_[block * channels + channel] = greatest;
            bool doubt = !(greatest < huge && least > -huge);
            for (std::size_t x = tap; x < tap + taps; ++x) doubt |= !(doubt_[x] == 0.0f);
            doubtful_[block] |= static_cast<std::uint8_t>(doubt);
        }
    }
}

std::size_t StretchedLogitRows::candidates(std::size_t block, bool& careful) {
    const std::size_t channels = planes_.count();
    const float* const least = least_.data() + block * channels;
    const float* const greatest = greatest_.data() + block * channels;
    careful = doubtful_[block] != 0;
    std::size_t count = 0;
    if (careful) {
        for (; count < channels; ++count) candidates_[count] = static_cast<std::uint16_t>(count);
        return count;
    }
    float sure = -huge;  // some channel is at least this everywhere
    for (std::size_t k = 0; k < channels; ++k)
        sure = std::max(sure, least[k] - slack(least[k], greatest[k]));
    const auto select = [&](std::size_t given, const auto& channel_at) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < given; ++i) {
            const std::uint16_t k = channel_at(i);
            if (greatest[k] + slack(least[k], greatest[k]) >= sure) candidates_[kept++] = k;
        }
        return kept;
    };
    count = select(channels, [](std::size_t i) { return static_cast<std::uint16_t>(i); });
    if (count <= few_channels) return count;
    sure = std::max(sure, mean_bound(block, count));
    return select(count, [&](std::size_t i) { return candidates_[i]; });
}

// A bound from below of the greatest of the channels that reach highest, by the means of the first
// few of them.
float StretchedLogitRows::mean_bound(std::size_t block, std::size_t count) {
    const std::size_t channels = planes_.count();
    const float* const least = least_.data() + block * channels;
    const float* const greatest = greatest_.data() + block * channels;
    std::uint16_t top[few_channels];
    std::partial_sort_copy(
        candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(count), top,
        top + few_channels, [&](std::uint16_t a, std::uint16_t b) {
            return greatest[a] != greatest[b] ? greatest[a] > greatest[b] : a < b;
        });
    const auto [tap, taps, level] = blocks_[block];
    sums_.assign(source_rows_ * taps, 0.0f);
    float bound = -huge, margin = 0.0f;
    for (std::size_t n = 0; n < few_channels; ++n) {
        margin = std::max(margin, 2.0f * slack(least[top[n]], greatest[top[n]]));
        float lowest = std::numeric_limits<float>::infinity();
        for (std::size_t row = 0; row < source_rows_; ++row) {
            const float* const values =
                planes_.read(top[n], first_row_ + static_cast<std::int64_t>(row),
                             static_cast<std::int64_t>(tap), taps, copies_.data());
            for (std::size_t x = 0; x < taps; ++x)
                lowest = std::min(lowest, sums_[row * taps + x] += values[x]);
        }
        bound = std::max(bound, lowest / static_cast<float>(n + 1) - margin);
    }
    return bound;
}

void StretchedLogitRows::fill_block(std::size_t block, std::int64_t top, std::size_t rows) {
    bool careful = false;
    const std::size_t count = candidates(block, careful);
    std::uint16_t* out = classes_.data() + block * block_width;
    if (count == 1) {
        for (std::size_t row = 0; row < rows; ++row, out += stride_)
            std::fill_n(out, block_width, candidates_[0]);
        return;
    }
    std::int64_t held[2] = {-1, -1};  // which source rows are stretched
    for (std::size_t row = 0; row < rows; ++row, out += stride_) {
        const auto y = static_cast<std::size_t>(top) + row;
        const std::int64_t wanted[2] = {rows_.first[y], rows_.second[y]};
        if (held[0] != wanted[0] && held[1] == wanted[0]) {
            std::swap(stretched_[0], stretched_[1]);
            std::swap(held[0], held[1]);
        }
        for (const int side : {0, 1})
            if (held[side] != wanted[side]) {
                stretch(block, wanted[side], count, stretched_[side].data());
                held[side] = wanted[side];
            }
        kernels_.contest({stretched_[0].data(), stretched_[1].data(), rows_.near[y], rows_.far[y],
                          candidates_.data(), count, careful},
                         out);
    }
}

void StretchedLogitRows::stretch(std::size_t block, std::int64_t y, std::size_t count, float* out) {
    const auto [tap, taps, level] = blocks_[block];
    const std::size_t x = block * block_width;
    std::int32_t first[block_width], second[block_width];
    for (std::size_t i = 0; i < block_width; ++i) {
        first[i] = columns_.first[x + i] - static_cast<std::int32_t>(tap);
        second[i] = columns_.second[x + i] - static_cast<std::int32_t>(tap);
    }
    for (std::size_t k = 0; k < count; ++k)
        kernels_.stretch(
            planes_.read(candidates_[k], y, static_cast<std::int64_t>(tap), taps, copies_.data()),
            first, second, columns_.near.data() + x, columns_.far.data() + x,
            out + k * block_width);
}

}  // namespace panfuse::fusion

#include "fusion/query_tiles.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace panfuse::fusion {
namespace {

constexpr float huge = 1e30f;   // beyond it, sums may overflow
constexpr float slack = 4e-6f;  // of bounds, for what rounding in resizes and sigmoids may do

std::size_t padded(std::size_t n) { return (n + query_group - 1) / query_group * query_group; }

template <class Code>
Tally tally(const QueryKernels& kernels, const Code* codes, std::size_t stride, std::size_t height,
            std::size_t width, std::size_t code) {
    if constexpr (sizeof(Code) == 1)
        return kernels.tally8(codes, stride, height, width, static_cast<Code>(code));
    else
        return kernels.tally16(codes, stride, height, width, static_cast<Code>(code));
}

}  // namespace

QueryTiles::QueryTiles(const QueryScene& scene)
    : scene_(scene),
      kernels_(query_kernels()),
      resample_(resample_kernels()),
      parts_(scene.kept.size()),
      strip_tiles_(scene.tiles.size()),
      least_(strip_tiles_ * scene.kept.size()),
      greatest_(least_.size()),
      low_(static_cast<std::size_t>(scene.planes.width())),
      high_(low_.size()),
      doubt_(low_.size()),
      doubtful_(strip_tiles_),
      is_rival_(scene.kept.size()),
      is_counted_(scene.kept.size()),
      lines_(scene.kept.size()) {
    const std::size_t room = padded(scene.kept.size());
    least_probable_ = probable_.reserve(2 * room);
    greatest_probable_ = least_probable_ + room;
    std::fill_n(least_probable_, 2 * room, 0.0f);
}

template <class Code>
void QueryTiles::work(std::int64_t strip, Code* codes) {
    const std::int64_t top = strip * scene_.tile_height;
    const Span rows{top, std::min(top + scene_.tile_height, scene_.height) - 1};
    find_bounds(scene_.full.source_rows(rows));
    row_plan_ = plan_rows(scene_.brief, rows);
    std::vector<StageRows> full_plan;
    for (std::size_t k = 0; k < strip_tiles_; ++k) {
        const auto left = static_cast<std::int64_t>(k * query_tile_width);
        const auto width = static_cast<std::size_t>(
            std::min(static_cast<std::int64_t>(query_tile_width), scene_.width - left));
        const Tile tile{top, left, rows.size(), width, doubtful_[k] != 0};
        bound_weights(k);
        choose(tile.careful);
        Code* const own =
            codes + static_cast<std::size_t>(top) * scene_.stride + static_cast<std::size_t>(left);
        if (tile.careful) {
            if (full_plan.empty()) full_plan = plan_rows(scene_.full, rows);
            const Span columns{left, left + static_cast<std::int64_t>(width) - 1};
            sample_all(tile, full_plan, plan_columns(scene_.full, columns, scene_.planes.width()),
                       scene_.full);
            std::swap(row_plan_, full_plan);
            fill(tile, own);
            std::swap(row_plan_, full_plan);
        } else {
            sample_all(tile, row_plan_, scene_.tiles[k], scene_.brief);
            fill(tile, own);
        }
        count(tile, own);
    }
}

void QueryTiles::find_bounds(Span rows) {
    const auto width = static_cast<std::size_t>(scene_.planes.width());
    const std::size_t queries = scene_.kept.size();
    row_pointers_.resize(rows.size());
    float* const copies = copies_.reserve(rows.size() * width);
    std::fill(doubtful_.begin(), doubtful_.end(), std::uint8_t{0});
    for (std::size_t k = 0; k < queries; ++k) {
        const auto plane = static_cast<std::size_t>(scene_.kept[k].index);
        for (std::size_t row = 0; row < rows.size(); ++row)
            row_pointers_[row] = scene_.planes.read(
                plane, rows.first + static_cast<std::int64_t>(row), 0, width, copies + row * width);
        resample_.bounds(row_pointers_.data(), rows.size(), width, low_.data(), high_.data(),
                         doubt_.data());
        for (std::size_t tile = 0; tile < strip_tiles_; ++tile) {
            const Span columns = scene_.sources[tile];
            const auto left = static_cast<std::size_t>(columns.first);
            const LineExtent found = kernels_.extent(low_.data() + left, high_.data() + left,
                                                     doubt_.data() + left, columns.size());
            least_[tile * queries + k] = found.least;
            greatest_[tile * queries + k] = found.greatest;
            if (!(found.doubt == 0.0f && found.least > -huge && found.greatest < huge))
                doubtful_[tile] = 1;
        }
    }
}

void QueryTiles::bound_weights(std::size_t tile) {
    const std::size_t queries = scene_.kept.size();
    for (std::size_t k = 0; k < queries; ++k) {
        const float low = least_[tile * queries + k], high = greatest_[tile * queries + k];
        const float margin = slack * std::max(std::fabs(low), std::fabs(high));
        least_probable_[k] = low - margin;
        greatest_probable_[k] = high + margin;
    }
    const std::size_t room = padded(queries);
    kernels_.squash(least_probable_, room, least_probable_);
    kernels_.squash(greatest_probable_, room, greatest_probable_);
}

// Finds the rivals and those to count.
void QueryTiles::choose(bool careful) {
    const std::size_t queries = scene_.kept.size();
    float sure = 0.0f;  // some query's weight is at least this everywhere
    for (std::size_t k = 0; k < queries; ++k)
        sure = std::max(sure, scene_.scores[k] * least_probable_[k]);
    sure *= 1.0f - slack;
    rivals_.clear();
    counted_.clear();
    for (std::size_t k = 0; k < queries; ++k) {
        const float most = scene_.scores[k] * greatest_probable_[k] * (1.0f + slack);
        is_rival_[k] = careful || most >= sure;
        if (is_rival_[k] != 0) rivals_.push_back(static_cast<std::uint16_t>(k));
    }
    const bool decided = rivals_.size() == 1;  // then only its foreground matters
    const float threshold = scene_.threshold.value;
    for (std::size_t k = 0; k < queries; ++k) {
        const float weight = scene_.rules.weigh_foreground ? scene_.scores[k] : 1.0f;
        const bool all = weight * least_probable_[k] * (1.0f - slack) >= threshold;
        const bool none = weight * greatest_probable_[k] * (1.0f + slack) < threshold;
        // 1: each pixel; 2: no pixel; 0: sampled.
        is_counted_[k] = careful ? 0 : all ? 1 : none ? 2 : 0;
        if (is_counted_[k] == 0) counted_.push_back(static_cast<std::uint16_t>(k));
    }
    sampled_.clear();
    for (std::size_t k = 0; k < queries; ++k)
        if (is_counted_[k] == 0 || (is_rival_[k] != 0 && !decided))
            sampled_.push_back(static_cast<std::uint16_t>(k));
}

void QueryTiles::sample_all(const Tile&, const std::vector<StageRows>& rows,
                            const std::vector<StageColumns>& columns, const Chain& chain) {
    const std::size_t length = rows.back().needed.size() * query_tile_width;
    for (const std::uint16_t k : sampled_) {
        if (lines_[k].size() < length) lines_[k].resize(length);
        sample(k, rows, columns, chain, lines_[k].data());
    }
}

void QueryTiles::sample(std::size_t query, const std::vector<StageRows>& rows,
                        const std::vector<StageColumns>& columns, const Chain& chain,
                        float* lines) {
    const auto plane = static_cast<std::size_t>(scene_.kept[query].index);
    const bool in_place =
        scene_.planes.width() >= static_cast<std::int64_t>(query_window) && !chain.stages[0].squash;
    const std::size_t source_stride = padded(columns[0].inputs) + query_window;
    float* const copies = copies_.reserve(rows[0].needed.size() * source_stride);
    rows_.resize(rows[0].needed.size());
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        float* const copy = copies + row * source_stride;
        rows_[row] = scene_.planes.read(plane, rows[0].needed[row], columns[0].left,
                                        columns[0].inputs, copy);
        if (!in_place && rows_[row] != copy) {
            std::copy_n(rows_[row], columns[0].inputs, copy);
            rows_[row] = copy;
        }
        if (chain.stages[0].squash) kernels_.squash(copy, padded(columns[0].inputs), copy);
    }
    for (std::size_t stage = 0;; ++stage) {
        const auto& groups = columns[stage].groups;
        const bool last = stage + 1 == chain.stages.size();
        const std::size_t length =
            last ? query_tile_width : groups.size() * query_group + query_window;
        float* const stretched = last ? lines : stretched_.reserve(rows_.size() * length);
        for (std::size_t row = 0; row < rows_.size(); ++row)
            kernels_.stretch(rows_[row], groups.data(), groups.size(), stretched + row * length);
        if (last) return;
        const RowTaps taps = rows[stage].taps();
        float* const mixed = mixed_[stage % 2].reserve(taps.count * length);
        const std::size_t n = groups.size() * query_group;
        rows_.resize(taps.count);
        for (std::size_t row = 0; row < taps.count; ++row) {
            float* const out = mixed + row * length;
            kernels_.mix(stretched + static_cast<std::size_t>(taps.top[row]) * length,
                         stretched + static_cast<std::size_t>(taps.bottom[row]) * length,
                         taps.near[row], taps.far[row], n, out);
            if (chain.stages[stage + 1].squash) kernels_.squash(out, n, out);
            rows_[row] = out;
        }
    }
}

template <class Code>
void QueryTiles::fill(const Tile& tile, Code* codes) {
    const RowTaps rows = row_plan_.back().taps();
    QueryThreshold threshold = scene_.threshold;
    if (rivals_.size() == 1 && is_counted_[rivals_[0]] != 0) {
        const auto code = static_cast<Code>(2 * rivals_[0] + (is_counted_[rivals_[0]] == 1));
        for (std::size_t y = 0; y < tile.height; ++y)
            std::fill_n(codes + y * scene_.stride, query_tile_width, code);
    } else {
        rival_lines_.clear();
        rival_scores_.clear();
        rival_logs_.clear();
        for (const std::uint16_t k : rivals_) {
            rival_lines_.push_back(lines_[k].data());
            rival_scores_.push_back(scene_.scores[k]);
            rival_logs_.push_back(scene_.logs[k]);
        }
        const QueryContest contest{rival_lines_.data(),
                                   rival_scores_.data(),
                                   rival_logs_.data(),
                                   rivals_.data(),
                                   rivals_.size(),
                                   rows,
                                   padded(tile.width) / query_group,
                                   threshold,
                                   scene_.full.probabilities,
                                   scene_.rules.write_foreground,
                                   tile.careful};
        if constexpr (sizeof(Code) == 1)
            kernels_.contest8(contest, codes, scene_.stride);
        else
            kernels_.contest16(contest, codes, scene_.stride);
    }
    const auto pixels = static_cast<std::int64_t>(tile.height * tile.width);
    for (std::size_t k = 0; k < is_counted_.size(); ++k)
        if (is_counted_[k] == 1) parts_[k].area += pixels;
    for (const std::uint16_t k : counted_)
        parts_[k].area += kernels_.foreground(
            lines_[k].data(), rows, tile.width, threshold,
            scene_.rules.weigh_foreground ? scene_.scores[k] : 1.0f, scene_.full.probabilities);
}

template <class Code>
void QueryTiles::count(const Tile& tile, const Code* codes) {
    const auto top = static_cast<std::int32_t>(tile.top);
    const auto left = static_cast<std::int32_t>(tile.left);
    for (const std::uint16_t k : rivals_)
        for (const int side : {0, 1}) {
            const Tally found = tally(kernels_, codes, scene_.stride, tile.height, tile.width,
                                      2u * k + static_cast<unsigned>(side));
            if (found.count == 0) continue;
            parts_[k].count[side] += found.count;
            parts_[k].box[side].include({left + std::countr_zero(found.columns), top + found.first,
                                         left + 63 - std::countl_zero(found.columns),
                                         top + found.last});
        }
}

template void QueryTiles::work(std::int64_t, std::uint8_t*);
template void QueryTiles::work(std::int64_t, std::uint16_t*);

}  // namespace panfuse::fusion

#include "rle/ids.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "rle/id_runs.h"
#include "rle/measure.h"
#include "support/batch.h"
#include "support/parallel.h"

namespace panfuse::rle {
namespace {

// Where a segment's counts are written next, and how far they tell of the map.
struct Cursor {
    std::uint32_t* next;
    std::uint32_t end;
};

// Numbers of ids: 0, 1, ... in ascending order of id. A table where ids lie close enough for one,
// or else a map.
class Numbers {
  public:
    Numbers(const IdRuns& runs, std::optional<std::int32_t> background) {
        low_ = runs.front().id;
        std::int64_t high = low_;
        for (const IdRun& run : runs) {
            low_ = std::min<std::int64_t>(low_, run.id);
            high = std::max<std::int64_t>(high, run.id);
        }
        const auto span = static_cast<std::uint64_t>(high - low_) + 1;
        if (span <= std::max<std::uint64_t>(4096, 4 * runs.size())) {
            table_.assign(span, none);
            for (const IdRun& run : runs) table_[offset(run.id)] = 0;
            if (background && *background >= low_ && *background <= high)
                table_[offset(*background)] = none;
            for (std::uint64_t i = 0; i < span; ++i)
                if (table_[i] != none) {
                    table_[i] = static_cast<std::uint32_t>(ids.size());
                    ids.push_back(static_cast<std::int32_t>(low_ + static_cast<std::int64_t>(i)));
                }
            return;
        }
        for (const IdRun& run : runs)
            if (run.id != background && map_.emplace(run.id, 0).second) ids.push_back(run.id);
        std::ranges::sort(ids);
        for (std::size_t i = 0; i < ids.size(); ++i) map_[ids[i]] = static_cast<std::uint32_t>(i);
        if (background) map_[*background] = none;
    }

    static constexpr std::uint32_t none = 0xFFFFFFFF;  // of the background

    std::uint32_t operator()(std::int32_t id) const {
        return table_.empty() ? map_.find(id)->second : table_[offset(id)];
    }

    std::vector<std::int32_t> ids;

  private:
    std::uint64_t offset(std::int32_t id) const { return static_cast<std::uint64_t>(id - low_); }

    std::int64_t low_ = 0;
    std::vector<std::uint32_t> table_;
    std::unordered_map<std::int32_t, std::uint32_t> map_;
};

Segments segments_of(const ArrayView& map, std::optional<std::int32_t> background, int threads) {
    Segments out;
    out.size = {map.shape[0], map.shape[1]};
    out.starts.push_back(0);
    const IdRuns runs = id_runs(map, threads);
    if (runs.empty()) return out;
    const auto pixels = static_cast<std::uint32_t>(out.size.pixels());

    Numbers numbers(runs, background);
    UninitializedVector<std::uint32_t> owners(runs.size());
    std::vector<std::int64_t> lengths(numbers.ids.size() + 1);  // the last is the background's
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::uint32_t owner =
            std::min(numbers(runs[i].id), static_cast<std::uint32_t>(numbers.ids.size()));
        owners[i] = owner;
        lengths[owner] += 2;
    }
    // All counts but those of the segment of the last pixel end with background.
    for (std::size_t i = 0; i < numbers.ids.size(); ++i)
        out.starts.push_back(out.starts.back() + lengths[i] + (i != owners.back()));
    // The background's counts are written like any other's, behind all, and dropped.
    const auto kept = static_cast<std::size_t>(out.starts.back());
    out.counts.resize(kept + static_cast<std::size_t>(lengths.back()));
    std::vector<Cursor> cursors;
    cursors.reserve(lengths.size());
    for (const std::int64_t start : out.starts) cursors.push_back({out.counts.data() + start, 0});
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::uint32_t end = i + 1 < runs.size() ? runs[i + 1].begin : pixels;
        Cursor& cursor = cursors[owners[i]];
        cursor.next[0] = runs[i].begin - cursor.end;
        cursor.next[1] = end - runs[i].begin;
        cursor.next += 2;
        cursor.end = end;
    }
    for (std::size_t i = 0; i < numbers.ids.size(); ++i)
        if (cursors[i].end < pixels) *cursors[i].next = pixels - cursors[i].end;
    out.counts.resize(kept);

    out.ids = std::move(numbers.ids);
    out.areas.reserve(out.ids.size());
    out.boxes.reserve(out.ids.size());
    for (std::size_t i = 0; i < out.ids.size(); ++i) {
        const Runs counts(out.counts.data() + out.starts[i], out.counts.data() + out.starts[i + 1]);
        out.areas.push_back(area(counts));
        out.boxes.push_back(box(counts, out.size));
    }
    return out;
}

}  // namespace

void check_maps(const ArrayView& ids, const IdOptions& options) {
    const int rank = ids.rank - (options.batched ? 1 : 0);
    if (rank != 2)
        throw std::invalid_argument("ids: expected 2 axes" +
                                    std::string(options.batched ? " after that of the batch" : "") +
                                    ", got " + std::to_string(std::max(rank, 0)));
    const auto last = static_cast<std::size_t>(ids.rank) - 1;
    const Size size{ids.shape[last - 1], ids.shape[last]};
    if (std::max(size.height, size.width) > longest_side || size.pixels() > most_pixels)
        throw std::invalid_argument(
            "ids: expected sides below 2^31 and fewer than 2^32 pixels, got " +
            std::to_string(size.height) + " x " + std::to_string(size.width));
}

std::vector<Segments> encode_ids(const ArrayView& ids, const IdOptions& options,
                                 std::optional<int> threads) {
    check_maps(ids, options);
    const std::vector<ArrayView> maps = items_of(ids, options.batched);
    const int count = choose_threads(threads, ids.size());
    std::vector<Segments> out(maps.size());
    const bool alone = maps.size() == 1;
    run_chunks(alone ? 1 : count, static_cast<std::int64_t>(maps.size()), [&](int, std::int64_t i) {
        const auto k = static_cast<std::size_t>(i);
        out[k] = segments_of(maps[k], options.background, alone ? count : 1);
    });
    return out;
}

}  // namespace panfuse::rle

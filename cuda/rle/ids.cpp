#include "cuda/rle/ids.h"

#include <cstdint>
#include <span>

#include "cuda/rle/maps.h"
#include "cuda/rle/runs.h"
#include "cuda/rle/segments.h"

namespace panfuse::cuda {
namespace {

void append(rle::Segments& to, const Segment& segment, std::span<const std::uint32_t> counts) {
    to.ids.push_back(segment.id);
    to.areas.push_back(segment.area);
    to.boxes.push_back({static_cast<std::int32_t>(segment.x_least),
                        static_cast<std::int32_t>(segment.y_least),
                        static_cast<std::int32_t>(segment.x_most - segment.x_least + 1),
                        static_cast<std::int32_t>(segment.y_most - segment.y_least + 1)});
    to.counts.insert(to.counts.end(), counts.begin(), counts.end());
    const auto pixels = static_cast<std::uint32_t>(to.size.pixels());
    if (segment.end < pixels) to.counts.push_back(pixels - segment.end);
    to.starts.push_back(static_cast<std::int64_t>(to.counts.size()));
}

}  // namespace

std::vector<rle::Segments> encode_ids(const ArrayView& ids, const rle::IdOptions& options,
                                      const Call& call) {
    const Maps maps = maps_of_ids(ids, options);
    rle::Segments none;
    none.size = {maps.height, maps.width};
    none.starts = {0};
    std::vector<rle::Segments> out(static_cast<std::size_t>(maps.items), none);
    if (maps.empty()) return out;
    const DeviceGuard guard(call.device);
    const Segments segments(find_runs(maps, call), maps.items, maps.height, call);
    for (std::size_t i = 0; i < segments.size(); ++i)
        append(out[segments[i].item], segments[i], segments.counts(i));
    return out;
}

}  // namespace panfuse::cuda

// The segments of a batch of images as COCO's runs: found on a device, and brought to the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cuda/rle/runs.h"
#include "cuda/support/call.h"
#include "support/uninitialized.h"

namespace panfuse::cuda {

// A segment of an image. Its runs are those of the batch from `first` on, up to the next one's.
struct Segment {
    std::uint32_t item;
    std::int32_t id;
    std::uint32_t first, end;  // its first run; past its last pixel
    std::uint32_t area;
    std::uint32_t x_least, x_most, y_least, y_most;
};

// What lies on the host, in the order of (item, id).
class Segments {
  public:
    // Two launches and a scan. Waits for the stream once, and once more for more segments than
    // 1024 an image.
    Segments(const Runs& runs, std::int64_t items, std::int64_t height, const Call& call);

    std::size_t size() const { return size_; }
    Segment operator[](std::size_t i) const;

    // For each run of a segment, the pixels between the run before it and it, and its own.
    std::span<const std::uint32_t> counts(std::size_t i) const;

  private:
    std::size_t runs_;
    std::size_t size_ = 0;
    UninitializedVector<std::uint32_t> words_;  // the number of segments, counts, segments
};

}  // namespace panfuse::cuda

// Rows of classes from logits: the first channel with the greatest value, each channel being
// stretched to the output.
//
// Stretching is convex, so what a channel may be in a block of pixels is bounded by its taps. The
// channels that cannot win anywhere in a block by that are left out, which are nearly all of them.
// Where a border runs through a block, no channel is great throughout, but the mean of the classes
// on both sides is, and one of them is at least that.
#pragma once

#include <cstdint>
#include <vector>

#include "fusion/float_planes.h"
#include "fusion/resample.h"
#include "fusion/semantic.h"
#include "support/buffer.h"

namespace panfuse::fusion {

// Logits that have the size of what they cover.
class FullLogitRows final : public ClassRows {
  public:
    FullLogitRows(const ArrayView& logits, std::int64_t width);

    const std::uint16_t* row(std::int64_t y) override;

  private:
    FloatPlanes planes_;
    std::size_t width_;
    std::vector<float> best_, copy_;
    std::vector<std::uint16_t> row_;
};

class StretchedLogitRows final : public ClassRows {
  public:
    StretchedLogitRows(const ArrayView& logits, const SemanticSize& size);

    const std::uint16_t* row(std::int64_t y) override;

  private:
    struct Block {
        std::size_t first_tap, taps, level;  // 2^level <= taps < 2^(level + 1)
    };

    void work_out(std::int64_t band);
    void find_bounds(std::int64_t first_row, std::size_t rows);
    std::size_t candidates(std::size_t block, bool& careful);
    float mean_bound(std::size_t block, std::size_t count);
    void fill_block(std::size_t block, std::int64_t top, std::size_t rows);
    void stretch(std::size_t block, std::int64_t y, std::size_t count, float* out);

    FloatPlanes planes_;
    const ResampleKernels& kernels_;
    std::int64_t height_;
    Taps columns_, rows_;
    std::vector<Block> blocks_;
    std::size_t levels_ = 0;
    std::int64_t band_ = -1;
    std::int64_t first_row_ = 0;  // of the source, in this band
    std::size_t source_rows_ = 0;
    std::vector<float> least_, greatest_;  // by block and channel
    std::vector<std::uint8_t> doubtful_;   // by block: whether there are huge numbers or NaN
    std::vector<const float*> row_pointers_;
    std::vector<float> copies_, low_, high_, doubt_, sums_;
    std::vector<std::uint16_t> candidates_;
    Buffer<float> stretched_[2];
    std::vector<std::uint16_t> classes_;  // semantic_band rows
    std::size_t stride_ = 0;              // of classes_
};

}  // namespace panfuse::fusion

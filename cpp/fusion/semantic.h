// The class of every pixel, row by row: from a label map, or from the logits of a network at any
// resolution, which are upsampled and compared without ever being stored at the size of the output.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "fusion/value_codes.h"
#include "support/image.h"

namespace panfuse::fusion {

// Rows of a multiple of this many rows, from such a multiple on, are cheapest to ask for: they are
// worked out together.
inline constexpr std::int64_t semantic_band = 16;

// The output, and what logits cover: they are stretched to `covered`, of which the output is the
// upper left part.
struct SemanticSize {
    std::int64_t height = 0, width = 0;
    std::int64_t covered_height = 0, covered_width = 0;
};

// One thread's reader.
class ClassRows {
  public:
    virtual ~ClassRows() = default;

    // The class of each pixel of row y: an index into Semantic::values. Valid until the next call.
    // Rows are cheapest in ascending order.
    virtual const std::uint16_t* row(std::int64_t y) = 0;
};

class Semantic {
  public:
    // `view` is a label map (integers of rank 2) or logits (channels, rows, columns; float32,
    // float16 or bfloat16), and must outlive the object. A label map is read once here, by
    // `threads` threads, for its values. std::invalid_argument, with `semantic` in front, if it
    // does not fit `size`, has no channels, or has more than 65535 values.
    Semantic(const ArrayView& view, const SemanticSize& size, int threads);

    // What the classes mean: the values of the label map, ascending, or the channels' numbers.
    // (Values above 2^63 - 1 are given as that.)
    const std::vector<std::int64_t>& values() const;

    // They must not outlive this.
    std::unique_ptr<ClassRows> rows() const;

  private:
    ArrayView view_;
    SemanticSize size_;
    std::optional<ValueCodes> labels_;
    std::vector<std::int64_t> channels_;
};

// Whether a dtype is one of logits.
bool is_logit_dtype(Dtype dtype);

}  // namespace panfuse::fusion

// Rows of classes from a label map of any integers and strides.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "fusion/semantic.h"
#include "labeling/pixels.h"

namespace panfuse::fusion {

// The distinct values of a label map, as their bytes, zero-extended; in no order.
std::vector<std::uint64_t> find_values(const ArrayView& labels, int threads);

class LabelRows final : public ClassRows {
  public:
    // `codes[k]` is what class k looks like in the map.
    LabelRows(const ArrayView& labels, const std::vector<std::uint64_t>& codes);

    const std::uint16_t* row(std::int64_t y) override;

  private:
    labeling::Pixels pixels_;
    std::size_t width_, bytes_;
    std::unordered_map<std::uint64_t, std::uint16_t> classes_;
    std::vector<std::uint64_t> changes_;
    std::vector<std::uint16_t> row_;
};

}  // namespace panfuse::fusion

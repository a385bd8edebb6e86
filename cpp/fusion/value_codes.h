// The distinct values of a map of integers, ascending, and its rows as indices of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "fusion/row_runs.h"
#include "labeling/pixels.h"
#include "support/image.h"

namespace panfuse::fusion {

// The element's bytes, zero-extended, as a number; above 2^63 - 1 it is that.
std::int64_t value_of(std::uint64_t bytes, Dtype dtype);

class ValueCodes {
  public:
    // Reads the map, of rank 1 to 3, once. std::invalid_argument, with `argument` in front, if it
    // holds more than `most` <= 65536 values.
    ValueCodes(const ArrayView& map, std::size_t most, const std::string& argument, int threads);

    const ArrayView& map() const { return map_; }
    const std::vector<std::int64_t>& values() const { return values_; }

    std::uint16_t code(std::uint64_t bytes) const {
        return bytes < small_.size() ? small_[bytes] : large_.at(bytes);
    }

  private:
    ArrayView map_;
    std::vector<std::int64_t> values_;
    std::vector<std::uint16_t> small_;  // the code of each value that is that small
    std::unordered_map<std::uint64_t, std::uint16_t> large_;
};

// One thread's reader.
class CodeRows {
  public:
    // `codes` must outlive the object.
    explicit CodeRows(const ValueCodes& codes);

    // The codes of a row, of the rows of all planes; valid until the next call.
    const std::uint16_t* row(std::int64_t row);

  private:
    const ValueCodes& codes_;
    labeling::Pixels pixels_;
    std::size_t width_;
    RowRuns runs_;
    std::vector<std::uint16_t> row_;
};

}  // namespace panfuse::fusion

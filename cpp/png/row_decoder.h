// A PNG file's rows of ids, one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "png/chunks.h"
#include "png/inflate.h"
#include "png/unfilter.h"
#include "support/buffer.h"

namespace panfuse::png {

// Decodes label maps into ONE row of ids and a bit mask of where they change: all that whoever
// counts runs needs, and it stays in the nearest cache. Keeps its memory from file to file, so that
// a thread needs one decoder. Interlaced images are put together whole first.
//
//   decoder.open(file, name, most_pixels);
//   for (std::size_t y = 0; y < decoder.height(); ++y) {
//       decoder.next();
//       ... decoder.ids(), decoder.changes() ...
//   }
class RowDecoder {
  public:
    // Checks and inflates a file; its bytes are not needed afterwards. Every error is a FormatError
    // that starts with `name`.
    void open(std::span<const std::uint8_t> file, std::string_view name, std::uint64_t most_pixels);

    const Header& header() const { return chunks_.header; }
    std::size_t width() const { return chunks_.header.width; }
    std::size_t height() const { return chunks_.header.height; }

    // Decodes the next row; `height()` times.
    void next();

    // The row: width() ids. They hold until the next row.
    const std::uint32_t* ids() const { return row_; }

    // Bit x is set where x == 0 or ids()[x] != ids()[x - 1]: runs::words(width()) words, whose bits
    // from width() on are 0.
    const std::uint64_t* changes() const { return changes_.data(); }

  private:
    void inflate(std::uint64_t most_pixels);
    void deinterlace();
    void next_by_bytes();

    std::string name_;
    Chunks chunks_;
    Inflater inflater_;
    Buffer<std::uint8_t> compressed_;   // where IDAT is split
    Buffer<std::uint8_t> filtered_;     // each row with its filter in front, residual_slack behind
    Buffer<std::uint8_t> widened_;      // a row of residuals like those of RGB, if they are not
    Buffer<std::uint8_t> zeros_;        // the bytes above the first row
    Buffer<std::uint32_t> row_memory_;  // id_margin zeros, the row, up to a whole word
    Buffer<std::uint64_t> changes_;
    Buffer<std::uint32_t> whole_;  // the ids of an interlaced image
    const Unfilter* unfilter_ = nullptr;
    std::uint32_t* row_ = nullptr;
    std::uint8_t* line_ = nullptr;               // the next row in `filtered_`
    const std::uint32_t* whole_line_ = nullptr;  // the same in `whole_`, if interlaced
};

}  // namespace panfuse::png

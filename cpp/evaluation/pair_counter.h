// From two label-map files to the pixels that each pair of ids shares.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/protocol.h"
#include "evaluation/segments.h"
#include "matching/pair_table.h"
#include "png/row_decoder.h"
#include "support/buffer.h"

namespace panfuse::evaluation {

// Keeps its memory from file to file, so that a thread needs one. Of each map one row of ids is
// held, and no pixel of it is written elsewhere.
class PairCounter {
  public:
    PairCounter(Protocol protocol, std::uint64_t most_pixels)
        : protocol_(protocol), most_pixels_(most_pixels) {}

    // Sets the pairs of `image`, which hold until the next call, from the files named by its maps.
    // FormatError for files that are no label maps, that differ in size, or that the protocol
    // refuses (panopticapi: others than RGB and RGBA; but it stretches a map of one row or column
    // over the other); FileError where the system refuses.
    void count(Image& image);

  private:
    void open(const Image& image, const std::string& file, png::RowDecoder& decoder);
    void check_sizes(const Image& image) const;
    void count_rows();
    void count_stretched_rows(Image& image);
    void add_wide_row(const std::uint32_t* gt, const std::uint32_t* pred, std::size_t width);
    void sort_pairs();

    // A natural map's distinct pairs are few; the table grows with them.
    static constexpr std::int64_t natural_pixels = 1 << 20;

    Protocol protocol_;
    std::uint64_t most_pixels_;
    Buffer<std::uint8_t> memory_;  // a file
    png::RowDecoder gt_, pred_;
    matching::HashTable<matching::NarrowKey> table_{natural_pixels};
    matching::Pairs<matching::NarrowKey> keys_, scratch_;
    std::vector<std::uint16_t> starts_;
    std::vector<Pair> pairs_;
};

}  // namespace panfuse::evaluation

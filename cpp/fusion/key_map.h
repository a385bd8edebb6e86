// A map of keys that becomes one of ids: counted row by row, then written over.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "fusion/cells.h"
#include "labeling/rule.h"

namespace panfuse::fusion {

// Writes the keys of rows [begin, end) of all planes to their place in the map. Called by several
// threads, each with its own number and with ascending rows.
using WriteKeys = std::function<void(int thread, std::int64_t begin, std::int64_t end, Key* rows)>;

// Adds up what a stretch of pixels [begin, end) of the map weighs, beside its area.
using AddWeight =
    std::function<void(int thread, Key key, std::int64_t begin, std::int64_t end, Cell& cell)>;

// Rows that are written at a time begin at a multiple of this.
inline constexpr std::int64_t band_rows = 16;

// Fills the map `pixels`, in C order, with keys, and counts them into `table`, which is empty.
// `add_weight` may be empty.
void count_keys(Key* pixels, const labeling::Shape& shape, int threads, const WriteKeys& write,
                const AddWeight& add_weight, CellTable& table);

// Replaces each key by the id of its cell.
void write_ids(Key* pixels, const labeling::Shape& shape, int threads, const CellTable& table);

}  // namespace panfuse::fusion

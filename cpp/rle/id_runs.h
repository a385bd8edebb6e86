// The runs of equal ids of a map, column by column.
#pragma once

#include <cstdint>
#include <string>

#include "rle/masks.h"
#include "support/image.h"
#include "support/uninitialized.h"

namespace panfuse::rle {

// It ends where the next begins.
struct IdRun {
    std::uint32_t begin;
    std::int32_t id;
};

using IdRuns = UninitializedVector<IdRun>;

// All runs of a map of integers or bools with two axes, no two neighbours of one id.
// std::invalid_argument if an id does not fit int32.
IdRuns id_runs(const ArrayView& map, int threads);

// For an id that does not fit int32, and where it is.
[[noreturn]] void throw_wide_id(const std::string& id, std::int64_t y, std::int64_t x);

}  // namespace panfuse::rle

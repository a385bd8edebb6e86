// What is summed up over each component of a batch, on a device.
//
// A row is a component: those of an image follow those of the image before it.
#pragma once

#include <cstdint>

#include "cuda/labeling/forest.h"
#include "cuda/labeling/pictures.h"
#include "cuda/support/call.h"
#include "labeling/columns.h"
#include "labeling/rule.h"

namespace panfuse::cuda {

// The components of a numbered forest.
struct Rows {
    Forest forest;
    const Word* bases;     // by image: how many rows are before it; one more than images
    labeling::Sums* sums;  // by row
    // By row: the pixel that has the component's value; null: its first.
    const Pixel* value_at;
    std::uint32_t count;

    PF_HD Pixel value_pixel(std::uint32_t row) const {
        return value_at == nullptr ? static_cast<Pixel>(sums[row].first) : value_at[row];
    }
};

// Adds up, with integer atomics: one update a run of 32 pixels at most. Throws std::length_error
// for components that 32 bits cannot number. Two launches.
Rows add_up(const Forest& forest, const Ranks& ranks, const Call& call);

// Writes one row a component. One launch.
void write_components(const Rows& rows, const Pictures& pictures, int rank,
                      const labeling::ComponentColumns& columns, const Call& call);

}  // namespace panfuse::cuda

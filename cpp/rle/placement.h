// Masks moved: crops, margins, shifts, flips, other sizes, and rows for columns. Each appends the
// canonical counts of what it makes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rle/masks.h"
#include "rle/spans.h"

namespace panfuse::rle {

// A canvas of another size whose pixel (y, x) is the mask's (y + top, x + left), and background
// where the mask has none.
void place(const Columns& mask, std::int64_t top, std::int64_t left, Size size, Counts& counts);

enum class Axis { rows, columns, both };

// The order of rows or columns (or of both) turned round.
void flip(const Columns& mask, Axis axis, Counts& counts);

// Which pixel of n a pixel of m takes: floor(i * n / m), or the one in which its centre lies,
// floor((2 * i + 1) * n / (2 * m)); in integers.
enum class Nearest { corner, center };

void resize(const Columns& mask, Size size, Nearest rule, Counts& counts);

// Rows become columns: the counts of a mask of (width, height), which are those of this one in
// row-major order.
void transpose(const Columns& mask, Counts& counts);

// Background and foreground exchanged.
void invert(const Columns& mask, Counts& counts);

// The same mask.
void canonical(Runs counts, Size size, Counts& out);

}  // namespace panfuse::rle

// The resizes between the masks of queries and the output, and which of their values a tile needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fusion/query_kernels.h"
#include "fusion/resample.h"

namespace panfuse::fusion {

// One bilinear resize, of which the upper left part is taken.
struct ResizeStep {
    std::int64_t height = 0, width = 0;
    std::int64_t cropped_height = 0, cropped_width = 0;
    bool align_corners = false;
    bool probabilities = false;  // whether the sigmoid comes before it
};

struct Stage {
    Taps rows, columns;
    bool squash = false;    // the sigmoid comes first
    bool identity = false;  // leaves finite numbers as they are
};

// Indices from first to last.
struct Span {
    std::int64_t first = 0, last = 0;

    std::size_t size() const { return static_cast<std::size_t>(last - first + 1); }
};

struct Chain {
    std::vector<Stage> stages;   // at least one
    bool probabilities = false;  // whether that is what comes out, rather than logits

    // What a span of the output needs of the source.
    Span source_rows(Span rows) const;
    Span source_columns(Span columns) const;
};

// Of masks of height x width. At least one step.
Chain make_chain(std::int64_t height, std::int64_t width, const std::vector<ResizeStep>& steps);

// The same without stages that leave finite numbers as they are.
Chain without_identities(const Chain& chain);

// The rows that a tile needs of one stage's input, and how the rows it needs of its output sample
// them.
struct StageRows {
    std::vector<std::int64_t> needed;       // ascending
    std::vector<std::int32_t> top, bottom;  // places among `needed`
    std::vector<float> near, far;

    RowTaps taps() const {
        return {top.data(), bottom.data(), near.data(), far.data(), top.size()};
    }
};

// By stage; the source's rows are the first one's.
std::vector<StageRows> plan_rows(const Chain& chain, Span rows);

// The columns that a tile needs of one stage's input, and how its output samples them.
struct StageColumns {
    std::int64_t left = 0;   // the first column of the input; groups count from it
    std::size_t inputs = 0;  // how many from there
    std::vector<ColumnGroup> groups;
};

// By stage, as above. Lines of `width` columns of the source can be read in place only if it is at
// least query_window; nothing past them is read then.
std::vector<StageColumns> plan_columns(const Chain& chain, Span columns, std::int64_t width);

}  // namespace panfuse::fusion

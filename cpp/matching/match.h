// Which segments of gt and pred are the same thing, read off their contingency table.
#pragma once

#include <utility>
#include <vector>

#include "matching/columns.h"
#include "matching/rule.h"

namespace panfuse::matching {

class Match {
  public:
    // The table must outlive the object. std::invalid_argument if it is not one that a Contingency
    // could have written.
    Match(const ContingencyTable& table, const MatchOptions& options);

    MatchSize count();
    void write(const MatchColumns& columns) const;

  private:
    struct Row {
        Overlap overlap;
        std::size_t gt, pred;  // indices of the labels
    };

    std::vector<Row> rows() const;

    ContingencyTable table_;
    MatchOptions options_;
    std::vector<std::pair<std::int64_t, Row>> matches_;         // by row of the table, ascending
    std::vector<std::uint64_t> unmatched_gt_, unmatched_pred_;  // by their bytes
};

}  // namespace panfuse::matching

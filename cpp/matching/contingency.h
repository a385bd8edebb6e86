// How many pixels each pair of ids shares, over two label maps of one shape.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "matching/columns.h"
#include "support/image.h"

namespace panfuse::matching {

class SortedPairs;  // the sorted pairs of one item

class Contingency {
  public:
    // The maps must outlive the object, and have one shape (std::invalid_argument otherwise).
    Contingency(const ArrayView& gt, const ArrayView& pred, ContingencyOptions options,
                std::optional<int> threads);
    ~Contingency();

    // Walks the maps once; one size for each item of the batch.
    std::vector<ContingencySize> count();

    // Writes all items. After `count`.
    void write(const ContingencyColumns& columns) const;

  private:
    ArrayView gt_, pred_;
    ContingencyOptions options_;
    int threads_;
    std::vector<std::unique_ptr<SortedPairs>> items_;
};

}  // namespace panfuse::matching

// The items of a batch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/image.h"

namespace panfuse {

// A view of each item along the first axis; of the whole, if it is no batch.
inline std::vector<ArrayView> items_of(const ArrayView& whole, bool batched) {
    if (!batched) return {whole};
    ArrayView item = whole;
    --item.rank;
    std::copy(whole.shape.begin() + 1, whole.shape.end(), item.shape.begin());
    std::copy(whole.strides.begin() + 1, whole.strides.end(), item.strides.begin());
    std::vector<ArrayView> items;
    for (std::int64_t i = 0; i < whole.shape[0]; ++i, items.push_back(item))
        item.data = static_cast<const std::byte*>(whole.data) + i * whole.strides[0];
    return items;
}

}  // namespace panfuse

// Union-find over labels. The root of a set is its smallest label, and no parent is larger than its
// child: labels are made in raster order, so the order of roots is that of first pixels.
#pragma once

#include <cstdint>

namespace panfuse::labeling {

inline std::uint32_t find(std::uint32_t* parents, std::uint32_t label) {
    while (parents[label] != label) {
        parents[label] = parents[parents[label]];
        label = parents[label];
    }
    return label;
}

inline void unite(std::uint32_t* parents, std::uint32_t a, std::uint32_t b) {
    a = find(parents, a);
    b = find(parents, b);
    if (a < b)
        parents[b] = a;
    else
        parents[a] = b;
}

}  // namespace panfuse::labeling

// Which neighbours a pixel has to be united with, and the union.
//
// Union-find by atomicMin, after Playne and Hawick (2018) and Komura (2015): no parent is larger
// than its child, so the root of a set is its first pixel whatever the order of threads.
#pragma once

#include <cstdint>

#include "cuda/labeling/pictures.h"
#include "cuda/support/key_set.cuh"
#include "cuda/support/launch.h"
#include "labeling/rule.h"

namespace panfuse::cuda {

__device__ inline Pixel find(const Pixel* parents, Pixel pixel) {
    for (Pixel parent; (parent = load_shared_with_others(parents + pixel)) != pixel;)
        pixel = parent;
    return pixel;
}

__device__ inline void unite(Pixel* parents, Pixel a, Pixel b) {
    a = find(parents, a);
    b = find(parents, b);
    while (a != b) {
        if (a > b) {
            const Pixel less = b;
            b = a;
            a = less;
        }
        // Either b was a root and is a's child now, or it has another parent, which has to be
        // united with a too.
        const Pixel before = atomicMin(parents + b, a);
        if (before == b) return;
        b = before;
    }
}

// Calls visit(dz, dy, dx) for neighbours in earlier rows such that, where all pixels do so and
// those beside each other are united, all components are. `same` tells whether a neighbour exists
// and connects; where it says no of one that does, there are more visits.
template <class Same, class Visit>
__device__ void visit_contacts(int steps, bool has_planes, Same same, Visit visit) {
    const bool left = same(0, 0, -1), right = same(0, 0, 1);
    const auto row = [&](int dz, int dy) {
        const labeling::Reach reach = labeling::reach(steps, (dz != 0) + (dy != 0));
        if (!reach.straight) return;
        if (same(dz, dy, 0)) {
            // The pixel to the left has the same contact, and so on to the start of the run.
            if (!left || !same(dz, dy, -1)) visit(dz, dy, 0);
            return;
        }
        if (!reach.diagonal) return;
        if (!left && same(dz, dy, -1)) visit(dz, dy, -1);
        if (!right && same(dz, dy, 1)) visit(dz, dy, 1);
    };
    row(0, -1);
    if (!has_planes) return;
    row(-1, 0);
    row(-1, -1);
    row(-1, 1);
}

}  // namespace panfuse::cuda

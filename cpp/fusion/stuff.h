// The semantic classes of the pixels that no instance has taken.
#pragma once

#include <cstdint>
#include <vector>

#include "fusion/overlay.h"
#include "fusion/semantic.h"

namespace panfuse::fusion {

struct ClassPixels {
    Extent free;           // those that are not taken
    std::int64_t all = 0;  // taken or not
};

// By class. The free pixels of class k become -1 - k in `ids`.
std::vector<ClassPixels> mark_classes(const Semantic& semantic, const Overlay& overlay,
                                      ImageSize size, int threads, std::int32_t* ids);

}  // namespace panfuse::fusion

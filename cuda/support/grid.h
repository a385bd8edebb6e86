// Blocks for work of any size.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace panfuse::cuda {

// Blocks of `per_block` for each of `items`. Throws std::length_error, naming the argument, if they
// are too many for one launch.
inline unsigned blocks_for(std::int64_t items, std::int64_t size, std::int64_t per_block,
                           const char* argument = "image") {
    const std::int64_t blocks_per_item = (size + per_block - 1) / per_block;
    std::int64_t blocks;
    if (__builtin_mul_overflow(items, blocks_per_item, &blocks) || blocks > 0x7fffffff)
        throw std::length_error(std::string(argument) + ": too many pixels for one launch");
    return static_cast<unsigned>(blocks);
}

}  // namespace panfuse::cuda

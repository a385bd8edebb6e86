// Memory for scratch that is kept from call to call: pages that are new to a process cost more than
// what is written to them.
#pragma once

#include <cstddef>

namespace panfuse::recycled {

// Smaller blocks are better had from malloc.
inline constexpr std::size_t least_bytes = std::size_t{1} << 16;

// Memory of at least so many bytes, aligned to cache lines, to be given back with the same number.
// std::bad_alloc.
void* take(std::size_t bytes);
void give_back(void* memory, std::size_t bytes) noexcept;

}  // namespace panfuse::recycled

// What every target shares.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

// libFuzzer's, or driver.cpp's.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace panfuse::fuzz {

inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

}  // namespace panfuse::fuzz

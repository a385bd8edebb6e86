// Whole files in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "support/buffer.h"

namespace panfuse {

// Reads a file to its end into `memory`; FileError if the system refuses.
std::span<const std::uint8_t> read_file(const std::string& path, Buffer<std::uint8_t>& memory);

}  // namespace panfuse

// Which instruction set the kernels use. Chosen once, by what this CPU has or PANFUSE_ISA says.
#pragma once

#include <string_view>
#include <vector>

namespace panfuse::isa {

enum class Level { baseline, avx2, avx512, neon };

std::string_view name(Level level);

// Best first; the last is always there.
const std::vector<Level>& available();

// The level in use. At first the best one, or the one PANFUSE_ISA names (std::invalid_argument if
// this machine or this build lacks it).
Level current();

// Replaces the level in use for the whole process; for tests and benchmarks.
void use(Level level);

// The level of that name; std::invalid_argument if it is unknown or not available.
Level parse(std::string_view name);

}  // namespace panfuse::isa

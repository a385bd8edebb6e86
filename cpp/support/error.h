// Typed errors of the core. The bindings turn std::invalid_argument into ValueError, TypeError of
// ours into TypeError, and std::bad_alloc into MemoryError.
#pragma once

#include <stdexcept>
#include <string>

namespace panfuse {

struct TypeError : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

// A CUDA call failed. `what()` holds the code's name, the op, and file:line.
struct CudaError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace panfuse

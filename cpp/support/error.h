// Typed errors of the core. The bindings turn std::invalid_argument into ValueError, TypeError of
// ours into TypeError, FormatError into panfuse.FormatError, FileError into OSError, and
// std::bad_alloc into MemoryError.
#pragma once

#include <stdexcept>
#include <string>

namespace panfuse {

struct TypeError : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

// A file is not what it claims to be. `what()` names the file and the fault.
struct FormatError : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

// The system refused to open or read a file.
struct FileError : std::runtime_error {
    FileError(int errno_value, const std::string& file)
        : std::runtime_error(file), number(errno_value), path(file) {}

    int number;  // of errno
    std::string path;
};

// A CUDA call failed. `what()` holds the code's name, the op, and file:line.
struct CudaError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace panfuse

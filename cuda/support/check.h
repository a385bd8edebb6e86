// Failures of CUDA calls as exceptions.
#pragma once

#include <cuda_runtime.h>

#include <string>

#include "support/error.h"

namespace panfuse::cuda {

// Clears the runtime's last error, so that the next call starts clean.
[[noreturn]] inline void throw_cuda_error(cudaError_t error, const std::string& op,
                                          const char* file, unsigned line) {
    static_cast<void>(cudaGetLastError());
    throw CudaError(std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error) +
                    ", in " + op + " at " + file + ":" + std::to_string(line));
}

}  // namespace panfuse::cuda

#define PF_CUDA(call)                                                                    \
    do {                                                                                 \
        const cudaError_t pf_cuda_error = (call);                                        \
        if (pf_cuda_error != cudaSuccess)                                                \
            ::panfuse::cuda::throw_cuda_error(pf_cuda_error, #call, __FILE__, __LINE__); \
    } while (false)

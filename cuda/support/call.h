// What one call of an op may use of the caller's: its device, stream and memory.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <functional>

#include "cuda/support/check.h"

namespace panfuse::cuda {

struct Call {
    int device;           // ordinal
    cudaStream_t stream;  // the caller's current one
    // Device memory from the caller's library, aligned to 256 bytes and alive until the call has
    // returned; the library may hand it to later work on the same stream. Throws on failure.
    std::function<void*(std::size_t)> allocate;
};

// Makes `device` the current one, and the one before it again at the end.
class DeviceGuard {
  public:
    explicit DeviceGuard(int device) {
        PF_CUDA(cudaGetDevice(&before_));
        if (before_ == device) return;
        PF_CUDA(cudaSetDevice(device));
        changed_ = true;
    }
    ~DeviceGuard() {
        if (changed_) static_cast<void>(cudaSetDevice(before_));
    }
    DeviceGuard(const DeviceGuard&) = delete;
    DeviceGuard& operator=(const DeviceGuard&) = delete;

  private:
    int before_ = 0;
    bool changed_ = false;
};

}  // namespace panfuse::cuda

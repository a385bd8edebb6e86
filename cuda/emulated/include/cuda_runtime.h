// The part of CUDA's host interface that panfuse calls, over host memory and without streams: what
// the emulated build finds in place of the toolkit's header of this name.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#define __host__
#define __device__

struct uint3 {
    unsigned x, y, z;
};

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

using cudaStream_t = struct CUstream_st*;

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorInvalidDevice = 101
};

enum cudaMemcpyKind {
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
    cudaMemcpyDeviceToDevice = 3
};

namespace panfuse::emulator {

// Two, so that tests can mix them up.
inline constexpr int device_count = 2;
inline thread_local int current_device = 0;

inline std::atomic<std::uint64_t> synchronizations{0};

// Waits of the host for a stream since the program began, in all threads.
inline std::uint64_t synchronize_count() { return synchronizations.load(); }

}  // namespace panfuse::emulator

inline const char* cudaGetErrorName(cudaError_t error) {
    switch (error) {
        case cudaSuccess: return "cudaSuccess";
        case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
        case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
        case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
    }
    return "unrecognized error code";
}

inline const char* cudaGetErrorString(cudaError_t error) {
    switch (error) {
        case cudaSuccess: return "no error";
        case cudaErrorInvalidValue: return "invalid argument";
        case cudaErrorInvalidConfiguration: return "invalid configuration argument";
        case cudaErrorInvalidDevice: return "invalid device ordinal";
    }
    return "unrecognized error code";
}

// The emulator reports by return value alone and keeps no last error.
inline cudaError_t cudaGetLastError() { return cudaSuccess; }

inline cudaError_t cudaGetDeviceCount(int* count) {
    *count = panfuse::emulator::device_count;
    return cudaSuccess;
}

inline cudaError_t cudaGetDevice(int* device) {
    *device = panfuse::emulator::current_device;
    return cudaSuccess;
}

inline cudaError_t cudaSetDevice(int device) {
    if (device < 0 || device >= panfuse::emulator::device_count) return cudaErrorInvalidDevice;
    panfuse::emulator::current_device = device;
    return cudaSuccess;
}

inline cudaError_t cudaStreamSynchronize(cudaStream_t) {
    ++panfuse::emulator::synchronizations;
    return cudaSuccess;
}

inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                                   cudaStream_t) {
    if (bytes > 0) std::memcpy(to, from, bytes);
    return cudaSuccess;
}

inline cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t) {
    if (bytes > 0) std::memset(to, value, bytes);
    return cudaSuccess;
}

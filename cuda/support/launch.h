// The one way to launch a kernel, on a device and on the emulator. For .cu files only.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <source_location>
#include <string>
#include <tuple>

#include "cuda/support/check.h"

#ifdef PANFUSE_EMULATED
#include "cuda/emulated/emulator.h"
#else
#define PF_SHARED(type, name) __shared__ type name
#define PF_DYNAMIC_SHARED(type, name)                             \
    extern __shared__ __align__(16) unsigned char name##_bytes[]; \
    type* const name = reinterpret_cast<type*>(name##_bytes)
#endif

namespace panfuse::cuda {

// A tile on a device, and a smaller one on the emulator, so that small images cross its borders.
constexpr int tile([[maybe_unused]] int on_device, [[maybe_unused]] int emulated) {
#ifdef PANFUSE_EMULATED
    return emulated;
#else
    return on_device;
#endif
}

inline constexpr unsigned full_warp = 0xffffffffu;

// Blocks of a launch, and the line that launches them, for the message of an error.
struct Grid {
    dim3 blocks;
    std::source_location where;

    template <class Blocks>
    Grid(Blocks blocks_, std::source_location where_ = std::source_location::current())
        : blocks(blocks_), where(where_) {}
};

// PANFUSE_SYNC=1 in the environment, which waits for each kernel, so that its error is reported
// where it was launched. Read once.
inline bool waits_for_each() {
    static const bool waits = [] {
        const char* const text = std::getenv("PANFUSE_SYNC");
        return text != nullptr && std::string(text) == "1";
    }();
    return waits;
}

template <class... Parameters, class... Arguments>
void launch_shared(void (*kernel)(Parameters...), Grid grid, dim3 block, std::size_t shared_bytes,
                   cudaStream_t stream, const Arguments&... arguments) {
    static_assert(sizeof...(Parameters) == sizeof...(Arguments));
    std::tuple<Parameters...> values(arguments...);
#ifdef PANFUSE_EMULATED
    static_cast<void>(stream);
    const cudaError_t error =
        emulator::run(grid.blocks, block, shared_bytes, [&] { std::apply(kernel, values); });
#else
    cudaError_t error = std::apply(
        [&](auto&... value) {
            void* addresses[] = {static_cast<void*>(&value)...};
            return cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid.blocks, block,
                                    addresses, shared_bytes, stream);
        },
        values);
    if (error == cudaSuccess && waits_for_each()) error = cudaStreamSynchronize(stream);
#endif
    if (error != cudaSuccess)
        throw_cuda_error(error, std::string("a launch in ") + grid.where.function_name(),
                         grid.where.file_name(), grid.where.line());
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), Grid grid, dim3 block, cudaStream_t stream,
            const Arguments&... arguments) {
    launch_shared(kernel, grid, block, 0, stream, arguments...);
}

}  // namespace panfuse::cuda

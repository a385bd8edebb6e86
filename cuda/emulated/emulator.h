// Runs CUDA kernels on the CPU, for tests: the .cu files compile as C++ over this header.
//
// A launch runs its blocks one after the other in the calling thread. The threads of a block are
// fibers that run until they reach a barrier. Collectives take full-warp masks only; lanes that do
// not exist or have exited take no part in them, as on a device. A block that cannot move on is
// reported by std::runtime_error. Not shown: races between barriers, streams, occupancy. A kernel
// that spins on another thread hangs and must not be written.
#pragma once

#include <cuda_runtime.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <type_traits>

#define __global__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
// Shared variables come from the emulator's own memory, which it poisons: see PF_SHARED.
#define __shared__ static_assert(false, "write PF_SHARED(type, name) in place of __shared__");

namespace panfuse::emulator {

// Order of blocks and of the threads in a block: 0 is ascending, anything else a shuffle. Where
// `set_seed` was not called, the environment variable PANFUSE_EMULATOR_SEED gives it per launch.
void set_seed(unsigned seed);

// Kernels launched since the program began, in all threads.
std::uint64_t launch_count();

// Runs `body` once per thread of the grid. What it throws comes out of here.
cudaError_t run(dim3 grid, dim3 block, std::size_t dynamic_shared_bytes,
                const std::function<void()>& body);

enum class Scope { warp, block };

// What a running thread knows of itself. `exchanges` counts the collectives that it has begun.
struct Thread {
    uint3 index, block;
    dim3 block_dim, grid_dim;
    unsigned warp, lane;
    std::uint64_t exchanges;
};

Thread& current();

void wait(Scope scope, const char* barrier, std::source_location where);

void* shared(const void* tag, std::size_t bytes, std::size_t alignment);
void* dynamic_shared();

// What the lanes of the current thread's warp hand to each other, by parity of `exchanges`: a lane
// can begin the next exchange, but not the one after it, before the last lane has read this one.
struct Slot {
    std::uint64_t exchange;
    unsigned char bytes[16];
};
Slot* slots(unsigned parity);

inline void require_full(unsigned mask, const char* name) {
    if (mask != 0xffffffffu)
        throw std::runtime_error(std::string(name) + ": only full-warp masks are supported");
}

// Shows `value` to the warp. Returns the warp's slots; those with the caller's `exchange` are set.
template <class T>
const Slot* exchange(const char* name, unsigned mask, const T& value, std::source_location where) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(Slot::bytes));
    require_full(mask, name);
    Thread& self = current();
    Slot* const all = slots(++self.exchanges & 1);
    all[self.lane].exchange = self.exchanges;
    std::memcpy(all[self.lane].bytes, &value, sizeof value);
    wait(Scope::warp, name, where);
    return all;
}

// A lane that takes no part gives bytes of 0xcd: CUDA leaves them undefined.
template <class T>
T shuffle(const char* name, unsigned mask, const T& value, unsigned from,
          std::source_location where) {
    const Slot& slot = exchange(name, mask, value, where)[from];
    T result;
    std::memset(&result, 0xcd, sizeof result);
    if (slot.exchange == current().exchanges) std::memcpy(&result, slot.bytes, sizeof result);
    return result;
}

}  // namespace panfuse::emulator

#define threadIdx (::panfuse::emulator::current().index)
#define blockIdx (::panfuse::emulator::current().block)
#define blockDim (::panfuse::emulator::current().block_dim)
#define gridDim (::panfuse::emulator::current().grid_dim)

// The name is a reference here, to memory that is filled with 0xcd when a block begins.
#define PF_SHARED(type, name)                                       \
    static_assert(std::is_trivially_default_constructible_v<type>); \
    static const char name##_tag = 0;                               \
    auto& name = *static_cast<std::add_pointer_t<type>>(            \
        ::panfuse::emulator::shared(&name##_tag, sizeof(type), alignof(type)))
#define PF_DYNAMIC_SHARED(type, name) \
    type* const name = static_cast<type*>(::panfuse::emulator::dynamic_shared())

using PfWhere = std::source_location;

inline void __syncthreads(PfWhere where = PfWhere::current()) {
    panfuse::emulator::wait(panfuse::emulator::Scope::block, "__syncthreads", where);
}

inline void __syncwarp(unsigned mask = 0xffffffffu, PfWhere where = PfWhere::current()) {
    panfuse::emulator::require_full(mask, "__syncwarp");
    panfuse::emulator::wait(panfuse::emulator::Scope::warp, "__syncwarp", where);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int lane, PfWhere where = PfWhere::current()) {
    return panfuse::emulator::shuffle("__shfl_sync", mask, value, static_cast<unsigned>(lane) & 31,
                                      where);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, PfWhere where = PfWhere::current()) {
    const unsigned lane = panfuse::emulator::current().lane;
    return panfuse::emulator::shuffle("__shfl_up_sync", mask, value,
                                      lane < delta ? lane : lane - delta, where);
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, PfWhere where = PfWhere::current()) {
    const unsigned lane = panfuse::emulator::current().lane;
    return panfuse::emulator::shuffle("__shfl_down_sync", mask, value,
                                      delta > 31 - lane ? lane : lane + delta, where);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, PfWhere where = PfWhere::current()) {
    const unsigned lane = panfuse::emulator::current().lane;
    return panfuse::emulator::shuffle("__shfl_xor_sync", mask, value,
                                      (lane ^ static_cast<unsigned>(bits)) & 31, where);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, PfWhere where = PfWhere::current()) {
    const panfuse::emulator::Slot* const all =
        panfuse::emulator::exchange("__ballot_sync", mask, predicate, where);
    const std::uint64_t now = panfuse::emulator::current().exchanges;
    unsigned votes = 0;
    for (unsigned lane = 0; lane < 32; ++lane) {
        int vote;
        std::memcpy(&vote, all[lane].bytes, sizeof vote);
        if (all[lane].exchange == now && vote != 0) votes |= 1u << lane;
    }
    return votes;
}

inline int __any_sync(unsigned mask, int predicate, PfWhere where = PfWhere::current()) {
    return __ballot_sync(mask, predicate, where) != 0;
}

inline int __popc(unsigned bits) { return std::popcount(bits); }
inline int __clz(int bits) { return std::countl_zero(static_cast<unsigned>(bits)); }
inline int __ffs(int bits) {
    return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned>(bits)) + 1;
}

template <class T>
T __ldg(const T* address) {
    return *address;
}

template <class T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
    return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}

template <class T>
T atomicOr(T* address, std::type_identity_t<T> value) {
    return __atomic_fetch_or(address, value, __ATOMIC_RELAXED);
}

template <class T>
T atomicExch(T* address, std::type_identity_t<T> value) {
    return __atomic_exchange_n(address, value, __ATOMIC_RELAXED);
}

template <class T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
    __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
    return expected;
}

template <class T>
T atomicMin(T* address, std::type_identity_t<T> value) {
    T old = __atomic_load_n(address, __ATOMIC_RELAXED);
    while (old > value && !__atomic_compare_exchange_n(address, &old, value, false,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return old;
}

template <class T>
T atomicMax(T* address, std::type_identity_t<T> value) {
    T old = __atomic_load_n(address, __ATOMIC_RELAXED);
    while (old < value && !__atomic_compare_exchange_n(address, &old, value, false,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return old;
}

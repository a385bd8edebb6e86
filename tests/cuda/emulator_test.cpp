// Checks of the emulator itself: prints each, and exits with 1 if one fails.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "cuda/support/call.h"
#include "cuda/support/launch.h"

namespace {

using panfuse::cuda::full_warp;
using panfuse::cuda::launch;
using panfuse::cuda::launch_shared;

int failures = 0;

void check(const char* what, bool holds) {
    std::printf("%s  %s\n", holds ? "ok    " : "FAILED", what);
    failures += !holds;
}

template <class Body>
std::string message_of(const Body& body) {
    try {
        body();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "";
}

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

__global__ void indices(unsigned* out) {
    const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    out[block * (blockDim.x * blockDim.y * blockDim.z) + thread] = block * 1000 + thread;
}

__global__ void reverse(int* values) {
    using Tile = int[100];
    PF_SHARED(Tile, tile);
    const int t = static_cast<int>(threadIdx.x);
    int* const mine = values + blockIdx.x * 100;
    for (int round = 0; round < 3; ++round) {
        tile[t] = mine[t];
        __syncthreads();
        mine[t] = tile[99 - t];
        __syncthreads();
    }
}

__global__ void divergent_block() {
    if (threadIdx.x < 40)
        __syncthreads();
    else
        __syncwarp();
    if (threadIdx.x < 20)
        __syncthreads();
    else
        __shfl_sync(full_warp, 1, 0);
}

__global__ void divergent_lines() {
    if (threadIdx.x == 3) {
        __syncthreads();
    } else {
        __syncthreads();
    }
}

__global__ void exited_threads(int* out) {
    if (threadIdx.x % 3 == 0) return;
    const unsigned votes = __ballot_sync(full_warp, 1);
    __syncthreads();
    out[threadIdx.x] = static_cast<int>(votes);
}

__global__ void votes(unsigned* ballots, int* any) {
    ballots[threadIdx.x] = __ballot_sync(full_warp, threadIdx.x % 2 == 0);
    any[threadIdx.x] = __any_sync(full_warp, threadIdx.x == 35);
}

__global__ void shuffles(int* up, double* down, int* from, int* crossed, int* sums) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    up[threadIdx.x] = __shfl_up_sync(full_warp, lane, 1);
    down[threadIdx.x] = __shfl_down_sync(full_warp, lane + .5, 2);
    from[threadIdx.x] = __shfl_sync(full_warp, lane, 5);
    crossed[threadIdx.x] = __shfl_xor_sync(full_warp, lane, 1);
    int sum = 1;
    for (int delta = 1; delta < 32; delta *= 2) {
        const int before = __shfl_up_sync(full_warp, sum, delta);
        if (lane >= delta) sum += before;
    }
    sums[threadIdx.x] = sum;
}

__global__ void partial_mask() { __syncwarp(0xffffu); }

__global__ void stale_shared(int* found) {
    PF_SHARED(int, one);
    PF_SHARED(long long, other);
    PF_DYNAMIC_SHARED(int, more);
    if (threadIdx.x == 0) {
        found[blockIdx.x * 3] = one;
        found[blockIdx.x * 3 + 1] = static_cast<int>(other >> 32);
        found[blockIdx.x * 3 + 2] = more[15];
        one = 7;
        other = 7;
        more[15] = 7;
    }
}

__global__ void missing_barrier(int* out) {
    using Tile = int[64];
    PF_SHARED(Tile, tile);
    const unsigned t = threadIdx.x;
    tile[t] = 1;
    __syncwarp();
    out[t] = tile[63 - t];
}

__global__ void arrivals(unsigned* order, unsigned* next) {
    order[atomicAdd(next, 1u)] = blockIdx.x * blockDim.x + threadIdx.x;
}

__global__ void atomics(int* sum, unsigned* least, unsigned long long* most, unsigned* bits,
                        unsigned long long* claimed, unsigned* winners) {
    const unsigned t = blockIdx.x * blockDim.x + threadIdx.x;
    atomicAdd(sum, static_cast<int>(t));
    atomicMin(least, 1000 - t);
    atomicMax(most, 1ull << (t % 60));
    atomicOr(bits, 1u << (t % 20));
    if (atomicCAS(claimed, 0ull, t + 1ull) == 0) atomicAdd(winners, 1u);
    if (atomicExch(winners + 1, 1u) == 0) winners[2] = t;
}

__global__ void throws_late() {
    __syncthreads();
    if (threadIdx.x == 17) throw std::out_of_range("from thread 17");
    __syncthreads();
}

__global__ void too_much_shared() {
    using Much = unsigned char[300 * 1024];
    PF_SHARED(Much, much);
    much[0] = 1;
}

void barriers() {
    std::vector<int> values(700);
    for (int i = 0; i < 700; ++i) values[static_cast<std::size_t>(i)] = i;
    launch(reverse, 7, 100, nullptr, values.data());
    bool right = true;
    for (int i = 0; i < 700; ++i)
        right &= values[static_cast<std::size_t>(i)] == i / 100 * 100 + 99 - i % 100;
    check("__syncthreads separates writes from reads", right);

    std::vector<int> votes_of(64, -1);
    launch(exited_threads, 1, 64, nullptr, votes_of.data());
    check("exited threads hold up no barrier and cast no vote",
          votes_of[1] == static_cast<int>(0xb6db6db6u) && votes_of[63] == -1 &&
              votes_of[62] == static_cast<int>(0x6db6db6du));

    const std::string block = message_of([] { launch(divergent_block, 1, 64, nullptr); });
    check("a divergent barrier is reported",
          contains(block, "divergent barrier") && contains(block, "__syncthreads"));
    check("one barrier written twice is divergent too",
          contains(message_of([] { launch(divergent_lines, 1, 32, nullptr); }), "divergent"));
    check("a partial mask is refused",
          contains(message_of([] { launch(partial_mask, 1, 32, nullptr); }), "full-warp"));
    launch(reverse, 7, 100, nullptr, values.data());
    check("a launch after a failed one works", values[0] == 0 && values[699] == 699);
}

void warps() {
    std::vector<unsigned> ballots(45);
    std::vector<int> any(45);
    launch(votes, 1, 45, nullptr, ballots.data(), any.data());
    check("a ballot in a full warp", ballots[0] == 0x55555555u && ballots[31] == 0x55555555u);
    check("a ballot in a partial warp", ballots[32] == 0x1555u && ballots[44] == 0x1555u);
    check("any", any[0] == 0 && any[44] == 1);

    std::vector<int> up(40), from(40), crossed(40), sums(40);
    std::vector<double> down(40);
    launch(shuffles, 1, 40, nullptr, up.data(), down.data(), from.data(), crossed.data(),
           sums.data());
    check("shuffle up", up[0] == 0 && up[1] == 0 && up[31] == 30 && up[32] == 0 && up[39] == 6);
    check("shuffle down",
          down[0] == 2.5 && down[29] == 31.5 && down[31] == 31.5 && down[37] == 7.5);
    check("shuffle", from[0] == 5 && from[31] == 5 && from[39] == 5);
    check("shuffle xor", crossed[0] == 1 && crossed[31] == 30 && crossed[39] == 6);
    check("a scan by shuffles", sums[0] == 1 && sums[31] == 32 && sums[39] == 8);
    double poison;
    std::memset(&poison, 0xcd, sizeof poison);
    check("a lane that is not there gives poison", std::memcmp(&down[39], &poison, 8) == 0);
}

void shared_memory() {
    std::vector<int> found(15);
    launch_shared(stale_shared, 5, 64, 64, nullptr, found.data());
    check("shared memory is poisoned in every block",
          std::all_of(found.begin(), found.end(),
                      [](int value) { return value == static_cast<int>(0xcdcdcdcdu); }));
    check("too much shared memory is refused",
          contains(message_of([] { launch(too_much_shared, 1, 1, nullptr); }), "shared memory"));
}

void orders() {
    std::vector<std::vector<unsigned>> seen;
    for (unsigned seed : {0u, 1u, 2u, 1u}) {
        panfuse::emulator::set_seed(seed);
        std::vector<unsigned> order(300), once(300);
        unsigned next = 0;
        launch(arrivals, 3, 100, nullptr, order.data(), &next);
        for (unsigned thread : order) ++once[thread];
        check("every thread runs once",
              next == 300 &&
                  std::all_of(once.begin(), once.end(), [](unsigned n) { return n == 1; }));
        seen.push_back(order);
    }
    std::vector<int> read(64);
    unsigned wrong = 0;
    for (unsigned seed = 1; seed <= 20; ++seed) {
        panfuse::emulator::set_seed(seed);
        launch(missing_barrier, 1, 64, nullptr, read.data());
        wrong += std::count(read.begin(), read.end(), 1) != 64;
    }
    check("some seeds show a missing barrier", wrong > 0 && wrong < 20);
    panfuse::emulator::set_seed(0);
    check("seed 0 runs in order", std::is_sorted(seen[0].begin(), seen[0].end()));
    check("other seeds shuffle, each its own way",
          seen[1] != seen[0] && seen[2] != seen[0] && seen[1] != seen[2]);
    check("a seed gives one order", seen[1] == seen[3]);
}

void atomic_operations() {
    int sum = 0;
    unsigned least = 5000, bits = 0, winners[3] = {0, 0, 99};
    unsigned long long most = 0, claimed = 0;
    launch(atomics, 4, 70, nullptr, &sum, &least, &most, &bits, &claimed,
           static_cast<unsigned*>(winners));
    check("atomics", sum == 280 * 279 / 2 && least == 721 && most == 1ull << 59 &&
                         bits == 0xfffffu && claimed == 1 && winners[0] == 1 && winners[2] == 0);
}

void launches() {
    std::vector<unsigned> out(2 * 3 * 2 * 4 * 2 * 2);
    const std::uint64_t before = panfuse::emulator::launch_count();
    launch(indices, dim3(2, 3, 2), dim3(4, 2, 2), nullptr, out.data());
    bool right = true;
    for (unsigned i = 0; i < out.size(); ++i) right &= out[i] == i / 16 * 1000 + i % 16;
    check("indices in three dimensions", right);
    check("launches are counted", panfuse::emulator::launch_count() == before + 1);

    const std::string thrown = message_of([] { launch(throws_late, 2, 64, nullptr); });
    check("an exception leaves a kernel", thrown == "from thread 17");
    const std::string refused = message_of([&] { launch(indices, 1, 1025, nullptr, out.data()); });
    check("a launch that no device accepts is a CudaError with its place",
          contains(refused, "cudaErrorInvalidConfiguration") &&
              contains(refused, "emulator_test.cpp:"));

    std::vector<std::vector<int>> values(4, std::vector<int>(1000));
    std::vector<std::thread> threads;
    for (auto& one : values) {
        for (int i = 0; i < 1000; ++i) one[static_cast<std::size_t>(i)] = i % 100;
        threads.emplace_back([&one] {
            for (int i = 0; i < 25; ++i) launch(reverse, 10, 100, nullptr, one.data());
        });
    }
    for (auto& thread : threads) thread.join();
    check("host threads launch at once",
          std::all_of(values.begin(), values.end(),
                      [](const std::vector<int>& one) { return one[0] == 99 && one[999] == 0; }));
}

void devices() {
    int device = -1;
    {
        const panfuse::cuda::DeviceGuard guard(1);
        PF_CUDA(cudaGetDevice(&device));
        check("the guard sets the device", device == 1);
    }
    PF_CUDA(cudaGetDevice(&device));
    check("and sets the one before again", device == 0);
    check("no such device", contains(message_of([] { panfuse::cuda::DeviceGuard guard(9); }),
                                     "cudaErrorInvalidDevice"));
}

}  // namespace

int main() {
    barriers();
    warps();
    shared_memory();
    orders();
    atomic_operations();
    launches();
    devices();
    std::printf("%d failed\n", failures);
    return failures == 0 ? 0 : 1;
}

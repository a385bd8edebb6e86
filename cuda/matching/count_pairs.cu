#include "cuda/matching/count_pairs.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "cuda/matching/pixels.cuh"
#include "cuda/support/launch.h"

namespace panfuse::cuda {

namespace {

constexpr int count_threads = tile(256, 64);
constexpr std::uint32_t block_slots = tile(512, 32);  // of a block's own table
constexpr std::uint32_t block_probes = 8;
constexpr std::int64_t enough_blocks = 512;    // four for each multiprocessor of an H100
constexpr std::int64_t most_rounds = 1 << 20;  // keeps the counters of a block below 2^32

// A block's own table, in shared memory.
struct BlockTable {
    Word slots[block_slots + 1];
    std::uint32_t counts[block_slots + 1];
};

__device__ bool is_ignored(const IgnoredIds& ignored, Word id) {
    if (ignored.size <= IgnoredIds::most_few) {
        for (int i = 0; i < ignored.size; ++i)
            if (ignored.few[i] == id) return true;
        return false;
    }
    std::int64_t low = 0, high = ignored.size;
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        if (ignored.many[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ignored.size && ignored.many[low] == id;
}

__device__ Word counted_id(const CountArguments& arguments, int side, Word raw) {
    const Dtype dtype = arguments.maps.sides[side].dtype;
    if (dtype.kind == Dtype::Kind::boolean) raw = raw != 0;
    return is_ignored(arguments.ignored[side], raw ^ sign_bit(dtype)) ? 0 : raw;
}

// A full block table, or one too crowded for the key, passes it on to the item's.
template <bool wide>
__device__ void add_run(const CountArguments& arguments, const ItemTables& tables,
                        BlockTable& block, Word gt, Word pred, std::uint32_t pixels) {
    Word halves[2] = {counted_id(arguments, gt_side, gt), counted_id(arguments, pred_side, pred)};
    if constexpr (wide) {
#pragma unroll
        for (int side = 0; side < 2; ++side) {
            std::uint32_t place;
            const std::uint32_t slot = tables.ids[side].add(halves[side], place);
            if (slot == no_slot) return;
            halves[side] = slot;
        }
    }
    const Word key = pair_key(halves[gt_side], halves[pred_side]);
    bool fresh = false;
    const auto stop = [](std::uint32_t tries) { return tries == block_probes; };
    const std::uint32_t slot = find_or_claim(block.slots, block_slots, key, stop, fresh);
    if (slot == no_slot)
        tables.add(key, pixels);
    else
        atomicAdd(block.counts + slot, pixels);
}

template <class T>
__device__ T pick(const T (&values)[pixels_per_thread], int i) {
    T value = values[0];
#pragma unroll
    for (int j = 1; j < pixels_per_thread; ++j)
        if (i == j) value = values[j];
    return value;
}

// A warp merges the runs in its tile of pixels: a run costs one update, by the thread that has its
// first pixel.
template <class Id>
__device__ void add_tile(const CountArguments& arguments, const ItemTables& tables,
                         BlockTable& block, const Pixels<Id>& pixels, int count, int tile_pixels) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    constexpr int last = pixels_per_thread - 1;
    Id gt = __shfl_up_sync(full_warp, pixels.ids[gt_side][last], 1);
    Id pred = __shfl_up_sync(full_warp, pixels.ids[pred_side][last], 1);
    unsigned heads = 0;
#pragma unroll
    for (int i = 0; i < pixels_per_thread; ++i) {
        const bool head = (lane == 0 && i == 0) || pixels.ids[gt_side][i] != gt ||
                          pixels.ids[pred_side][i] != pred;
        if (head && i < count) heads |= 1u << i;
        gt = pixels.ids[gt_side][i];
        pred = pixels.ids[pred_side][i];
    }

    const unsigned starting = __ballot_sync(full_warp, heads != 0);
    const unsigned later = starting & (0xfffffffeu << lane);
    const int next = later == 0 ? 0 : __ffs(static_cast<int>(later)) - 1;
    const int first = lane * pixels_per_thread + __ffs(static_cast<int>(heads)) - 1;
    const int next_first = __shfl_sync(full_warp, first, next);
    int end = later == 0 ? tile_pixels : next_first;
    while (heads != 0) {
        const int head = 31 - __clz(static_cast<int>(heads));
        const int begin = lane * pixels_per_thread + head;
        add_run<sizeof(Id) == 8>(arguments, tables, block, pick(pixels.ids[gt_side], head),
                                 pick(pixels.ids[pred_side], head),
                                 static_cast<std::uint32_t>(end - begin));
        end = begin;
        heads ^= 1u << head;
    }
}

template <int threads, class Id, bool contiguous>
__global__ void __launch_bounds__(threads)
    count_kernel(const __grid_constant__ CountArguments arguments) {
    constexpr int round_pixels = threads * pixels_per_thread;
    constexpr int tile_pixels = 32 * pixels_per_thread;
    PF_SHARED(BlockTable, block);
    for (std::uint32_t slot = threadIdx.x; slot <= block_slots; slot += threads) {
        block.slots[slot] = 0;
        block.counts[slot] = 0;
    }
    __syncthreads();

    const MapPair& maps = arguments.maps;
    const std::int64_t row = blockIdx.x / arguments.blocks_per_item;
    const std::int64_t part = blockIdx.x % arguments.blocks_per_item;
    const std::int64_t item = arguments.items == nullptr ? row : arguments.items[row];
    const ItemTables tables = arguments.tables.item(row);
    const std::byte* const data[2] = {maps.sides[0].data + item * maps.sides[0].item_stride,
                                      maps.sides[1].data + item * maps.sides[1].item_stride};
    const std::int64_t begin = part * arguments.rounds * round_pixels;
    const std::int64_t left = maps.pixels - begin;
    const std::int64_t mine = std::int64_t{arguments.rounds} * round_pixels;
    const std::int64_t end = begin + (left < mine ? left : mine);
    const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
    for (std::int64_t at = begin + warp * tile_pixels; at < end; at += round_pixels) {
        const int in_tile = end - at < tile_pixels ? static_cast<int>(end - at) : tile_pixels;
        const int after = in_tile - lane * pixels_per_thread;
        const int count = after < 0 ? 0 : after < pixels_per_thread ? after : pixels_per_thread;
        const auto pixels =
            load_pixels<contiguous, Id>(maps, data, at + lane * pixels_per_thread, count);
        add_tile(arguments, tables, block, pixels, count, in_tile);
    }
    __syncthreads();

    for (std::uint32_t slot = threadIdx.x; slot <= block_slots; slot += threads)
        if (block.slots[slot] != 0)
            tables.add(slot == 0 ? 0 : block.slots[slot], block.counts[slot]);
}

__global__ void copy_sizes_kernel(const std::uint32_t* from, const std::int64_t* items,
                                  std::int64_t rows, std::uint32_t* to) {
    const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    for (int field = 0; field < size_fields; ++field)
        to[items[row] * size_fields + field] = from[row * size_fields + field];
}

}  // namespace

void count_pairs(CountArguments arguments, cudaStream_t stream) {
    constexpr std::int64_t round_pixels = count_threads * pixels_per_thread;
    const MapPair& maps = arguments.maps;
    const std::int64_t rounds_per_item = (maps.pixels - 1) / round_pixels + 1;
    // In floating point, where the product of both cannot overflow.
    const double rounds =
        static_cast<double>(rounds_per_item) * static_cast<double>(arguments.rows) / enough_blocks;
    const std::int64_t per_block =
        std::min(rounds_per_item,
                 rounds < most_rounds ? static_cast<std::int64_t>(rounds) + 1 : most_rounds);
    const std::int64_t blocks_per_item = (rounds_per_item - 1) / per_block + 1;
    std::int64_t blocks;
    if (__builtin_mul_overflow(blocks_per_item, arguments.rows, &blocks) || blocks > 0x7fffffff)
        throw std::length_error("gt and pred: too many pixels for one launch");
    arguments.blocks_per_item = static_cast<std::uint32_t>(blocks_per_item);
    arguments.rounds = static_cast<std::uint32_t>(per_block);

    const auto kernel = [&] {
        if (maps.wide())
            return maps.contiguous() ? count_kernel<count_threads, std::uint64_t, true>
                                     : count_kernel<count_threads, std::uint64_t, false>;
        return maps.contiguous() ? count_kernel<count_threads, std::uint32_t, true>
                                 : count_kernel<count_threads, std::uint32_t, false>;
    }();
    launch(kernel, static_cast<unsigned>(blocks), count_threads, stream, arguments);
}

void copy_sizes(const CountArguments& arguments, std::uint32_t* sizes, cudaStream_t stream) {
    const std::int64_t blocks = (arguments.rows - 1) / count_threads + 1;  // fewer than there were
    launch(copy_sizes_kernel, static_cast<unsigned>(blocks), count_threads, stream,
           arguments.tables.sizes, arguments.items, arguments.rows, sizes);
}

}  // namespace panfuse::cuda

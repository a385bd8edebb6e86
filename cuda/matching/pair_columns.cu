#include "cuda/matching/pair_columns.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "cuda/support/launch.h"
#include "cuda/support/primitives.cuh"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {

namespace {

constexpr int rank_threads = tile(128, 32);
constexpr std::uint32_t most_ranked = tile(4096, 128);
constexpr int sort_threads = tile(256, 64);

__device__ Word pair_id(const ColumnArguments& arguments, std::uint32_t pair, int side) {
    const Word raw = arguments.tables.id(arguments.tables.pairs.list[pair], side);
    return raw ^ sign_bit(arguments.dtypes[side]);
}

__device__ Word label_id(const ColumnArguments& arguments, std::uint32_t label, int side) {
    return arguments.tables.ids[side].list[label] ^ sign_bit(arguments.dtypes[side]);
}

__device__ Word pair_count(const ColumnArguments& arguments, std::uint32_t pair) {
    return arguments.tables.counts[arguments.tables.pair_slots[pair]];
}

__device__ void store_pair(const ColumnArguments& arguments, std::uint32_t row,
                           std::uint32_t pair) {
    const matching::ContingencyColumns& columns = arguments.columns;
    store_sortable(columns.gt_ids, row, pair_id(arguments, pair, gt_side),
                   arguments.dtypes[gt_side]);
    store_sortable(columns.pred_ids, row, pair_id(arguments, pair, pred_side),
                   arguments.dtypes[pred_side]);
    columns.counts[row] = static_cast<std::int64_t>(pair_count(arguments, pair));
}

__device__ void store_label(const ColumnArguments& arguments, std::uint32_t row, Word id, Word area,
                            int side) {
    const matching::ContingencyColumns& columns = arguments.columns;
    store_sortable(side == gt_side ? columns.gt_labels : columns.pred_labels, row, id,
                   arguments.dtypes[side]);
    (side == gt_side ? columns.gt_areas : columns.pred_areas)[row] =
        static_cast<std::int64_t>(area);
}

struct TwoWords {
    Word first, second;
};

// Shows `fetch(0)` to `fetch(size - 1)` to every thread of the block, by tiles in shared memory.
template <int threads, class Fetch, class Visit>
__device__ void visit_all(std::uint32_t size, Fetch fetch, Visit visit) {
    using Tile = TwoWords[threads];
    PF_SHARED(Tile, entries);
    for (std::uint32_t start = 0; start < size; start += threads) {
        if (threadIdx.x < size - start) entries[threadIdx.x] = fetch(start + threadIdx.x);
        __syncthreads();
        const std::uint32_t filled = size - start < threads ? size - start : threads;
        for (std::uint32_t i = 0; i < filled; ++i) visit(entries[i]);
        __syncthreads();
    }
}

// Ids are unique, so a row is the number of smaller ones.
template <int threads>
__device__ void rank_pairs(const ColumnArguments& arguments, std::uint32_t block) {
    const std::uint32_t pair = block * threads + threadIdx.x;
    const bool mine = pair < arguments.pairs;
    const Word gt = mine ? pair_id(arguments, pair, gt_side) : 0;
    const Word pred = mine ? pair_id(arguments, pair, pred_side) : 0;
    std::uint32_t row = 0;
    visit_all<threads>(
        arguments.pairs,
        [&](std::uint32_t i) {
            return TwoWords{pair_id(arguments, i, gt_side), pair_id(arguments, i, pred_side)};
        },
        [&](const TwoWords& other) {
            row += other.first < gt || (other.first == gt && other.second < pred);
        });
    if (mine) store_pair(arguments, row, pair);
}

template <int threads>
__device__ void rank_labels(const ColumnArguments& arguments, std::uint32_t block, int side) {
    const std::uint32_t label = block * threads + threadIdx.x;
    const bool mine = label < arguments.labels[side];
    const Word id = mine ? label_id(arguments, label, side) : 0;
    std::uint32_t row = 0;
    visit_all<threads>(
        arguments.labels[side],
        [&](std::uint32_t i) { return TwoWords{label_id(arguments, i, side), 0}; },
        [&](const TwoWords& other) { row += other.first < id; });
    Word area = 0;
    visit_all<threads>(
        arguments.pairs,
        [&](std::uint32_t i) {
            return TwoWords{pair_id(arguments, i, side), pair_count(arguments, i)};
        },
        [&](const TwoWords& pair) { area += pair.first == id ? pair.second : 0; });
    if (mine) store_label(arguments, row, id, area, side);
}

PF_HD std::uint32_t blocks_for(std::uint32_t size, std::uint32_t threads) {
    return (size - 1) / threads + 1;
}

template <int threads>
__global__ void __launch_bounds__(threads)
    rank_kernel(const __grid_constant__ ColumnArguments arguments) {
    std::uint32_t block = blockIdx.x;
    const std::uint32_t of_pairs = blocks_for(arguments.pairs, threads);
    if (block < of_pairs) return rank_pairs<threads>(arguments, block);
    block -= of_pairs;
    const std::uint32_t of_gt = blocks_for(arguments.labels[gt_side], threads);
    if (block < of_gt) return rank_labels<threads>(arguments, block, gt_side);
    rank_labels<threads>(arguments, block - of_gt, pred_side);
}

__device__ std::uint32_t thread_of_grid() { return blockIdx.x * blockDim.x + threadIdx.x; }

// The ids of one side of the pairs, in `order` or in that of the list.
__global__ void pair_keys(const __grid_constant__ ColumnArguments arguments, int side,
                          const std::uint32_t* order, Word* keys, std::uint32_t* values) {
    const std::uint32_t i = thread_of_grid();
    if (i >= arguments.pairs) return;
    const std::uint32_t pair = order == nullptr ? i : order[i];
    keys[i] = pair_id(arguments, pair, side);
    values[i] = pair;
}

__global__ void label_keys(const __grid_constant__ ColumnArguments arguments, int side, Word* keys,
                           std::uint32_t* values) {
    const std::uint32_t label = thread_of_grid();
    if (label >= arguments.labels[side]) return;
    keys[label] = label_id(arguments, label, side);
    values[label] = label;
}

__global__ void store_pairs(const __grid_constant__ ColumnArguments arguments,
                            const std::uint32_t* order) {
    const std::uint32_t row = thread_of_grid();
    if (row < arguments.pairs) store_pair(arguments, row, order[row]);
}

__global__ void store_labels(const __grid_constant__ ColumnArguments arguments, int side,
                             const Word* keys) {
    const std::uint32_t row = thread_of_grid();
    if (row < arguments.labels[side]) store_label(arguments, row, keys[row], 0, side);
}

__global__ void add_areas(const __grid_constant__ ColumnArguments arguments, int side,
                          const Word* keys, Word* areas) {
    const std::uint32_t pair = thread_of_grid();
    if (pair >= arguments.pairs) return;
    const Word id = pair_id(arguments, pair, side);
    std::uint32_t low = 0, high = arguments.labels[side] - 1;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (keys[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    atomicAdd(areas + low, pair_count(arguments, pair));
}

// From the last digit to the first: by pred, then by gt, keeping the order of pred.
void sort_columns(const ColumnArguments& arguments, const Call& call) {
    const std::uint32_t pairs = arguments.pairs;
    Workspace workspace;
    const auto keys_piece = workspace.reserve<Word>(pairs);
    const auto sorted_keys_piece = workspace.reserve<Word>(pairs);
    const auto values_piece = workspace.reserve<std::uint32_t>(pairs);
    const auto sorted_values_piece = workspace.reserve<std::uint32_t>(pairs);
    const std::size_t temporary_bytes = std::max(
        {stable_sort_pairs_bytes(pairs), stable_sort_pairs_bytes(arguments.labels[gt_side]),
         stable_sort_pairs_bytes(arguments.labels[pred_side])});
    const auto temporary = workspace.reserve<std::byte>(temporary_bytes);
    workspace.allocate(call);
    Word* const keys = workspace.at(keys_piece);
    Word* const sorted_keys = workspace.at(sorted_keys_piece);
    std::uint32_t* const values = workspace.at(values_piece);
    std::uint32_t* const order = workspace.at(sorted_values_piece);
    const auto sort = [&](std::uint32_t size, int side) {
        stable_sort_pairs({keys, values, sorted_keys, order, size},
                          8 * arguments.dtypes[side].bytes, workspace.at(temporary),
                          temporary_bytes, call.stream);
    };

    const std::uint32_t pair_blocks = blocks_for(pairs, sort_threads);
    for (const int side : {pred_side, gt_side}) {
        const std::uint32_t* const before = side == pred_side ? nullptr : order;
        launch(pair_keys, pair_blocks, sort_threads, call.stream, arguments, side, before, keys,
               values);
        sort(pairs, side);
    }
    launch(store_pairs, pair_blocks, sort_threads, call.stream, arguments, order);

    for (const int side : {gt_side, pred_side}) {
        const std::uint32_t labels = arguments.labels[side];
        const std::uint32_t label_blocks = blocks_for(labels, sort_threads);
        launch(label_keys, label_blocks, sort_threads, call.stream, arguments, side, keys, values);
        sort(labels, side);
        launch(store_labels, label_blocks, sort_threads, call.stream, arguments, side, sorted_keys);
        const matching::ContingencyColumns& columns = arguments.columns;
        auto* const areas =
            reinterpret_cast<Word*>(side == gt_side ? columns.gt_areas : columns.pred_areas);
        launch(add_areas, pair_blocks, sort_threads, call.stream, arguments, side, sorted_keys,
               areas);
    }
}

}  // namespace

void write_columns(const ColumnArguments& arguments, const Call& call) {
    if (arguments.pairs > most_ranked) return sort_columns(arguments, call);
    const std::uint32_t blocks = blocks_for(arguments.pairs, rank_threads) +
                                 blocks_for(arguments.labels[gt_side], rank_threads) +
                                 blocks_for(arguments.labels[pred_side], rank_threads);
    launch(rank_kernel<rank_threads>, blocks, rank_threads, call.stream, arguments);
}

}  // namespace panfuse::cuda

#include "cuda/matching/pair_columns.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "cuda/support/launch.h"
#include "cuda/support/primitives.cuh"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {

namespace {

constexpr int rank_threads = tile(128, 32);
constexpr std::uint32_t most_ranked = tile(4096, 128);
constexpr int sort_threads = tile(256, 64);

// One item, and where its columns begin.
struct ItemColumns {
    ItemTables tables;
    std::uint32_t pairs;  // not 0
    std::uint32_t labels[2];
    Dtype dtypes[2];
    matching::ContingencyColumns columns;
};

struct BatchColumns {
    PairTables tables;
    Dtype dtypes[2];
    matching::ContingencyColumns columns;
    std::uint32_t blocks_per_item;
};

__device__ Word pair_id(const ItemColumns& item, std::uint32_t pair, int side) {
    const Word raw = item.tables.id(item.tables.pairs.list[pair], side);
    return raw ^ sign_bit(item.dtypes[side]);
}

__device__ Word label_id(const ItemColumns& item, std::uint32_t label, int side) {
    return item.tables.ids[side].list[label] ^ sign_bit(item.dtypes[side]);
}

__device__ Word pair_count(const ItemColumns& item, std::uint32_t pair) {
    return item.tables.counts[item.tables.pair_slots[pair]];
}

__device__ void store_pair(const ItemColumns& item, std::uint32_t row, std::uint32_t pair) {
    const matching::ContingencyColumns& columns = item.columns;
    store_sortable(columns.gt_ids, row, pair_id(item, pair, gt_side), item.dtypes[gt_side]);
    store_sortable(columns.pred_ids, row, pair_id(item, pair, pred_side), item.dtypes[pred_side]);
    columns.counts[row] = static_cast<std::int64_t>(pair_count(item, pair));
}

__device__ void store_label(const ItemColumns& item, std::uint32_t row, Word id, Word area,
                            int side) {
    const matching::ContingencyColumns& columns = item.columns;
    store_sortable(side == gt_side ? columns.gt_labels : columns.pred_labels, row, id,
                   item.dtypes[side]);
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
__device__ void rank_pairs(const ItemColumns& item, std::uint32_t block) {
    const std::uint32_t pair = block * threads + threadIdx.x;
    const bool mine = pair < item.pairs;
    const Word gt = mine ? pair_id(item, pair, gt_side) : 0;
    const Word pred = mine ? pair_id(item, pair, pred_side) : 0;
    std::uint32_t row = 0;
    visit_all<threads>(
        item.pairs,
        [&](std::uint32_t i) {
            return TwoWords{pair_id(item, i, gt_side), pair_id(item, i, pred_side)};
        },
        [&](const TwoWords& other) {
            row += other.first < gt || (other.first == gt && other.second < pred);
        });
    if (mine) store_pair(item, row, pair);
}

template <int threads, int side>
__device__ void rank_labels(const ItemColumns& item, std::uint32_t block) {
    const std::uint32_t label = block * threads + threadIdx.x;
    const bool mine = label < item.labels[side];
    const Word id = mine ? label_id(item, label, side) : 0;
    std::uint32_t row = 0;
    visit_all<threads>(
        item.labels[side], [&](std::uint32_t i) { return TwoWords{label_id(item, i, side), 0}; },
        [&](const TwoWords& other) { row += other.first < id; });
    Word area = 0;
    visit_all<threads>(
        item.pairs,
        [&](std::uint32_t i) { return TwoWords{pair_id(item, i, side), pair_count(item, i)}; },
        [&](const TwoWords& pair) { area += pair.first == id ? pair.second : 0; });
    if (mine) store_label(item, row, id, area, side);
}

PF_HD std::uint32_t blocks_for(std::uint32_t size, std::uint32_t threads) {
    return (size - 1) / threads + 1;
}

// Whether the tables hold an item, and it has few enough pairs to be ranked.
PF_HD bool is_ranked(std::int64_t pairs, const PairTables& tables) {
    return pairs <= most_ranked && pairs <= tables.capacity / 2;
}

// Rows of the columns before those of an item. Each block adds up the sizes anew, which for all
// batches but those of many thousand items is quicker than a launch that does it once.
template <int threads>
__device__ matching::ContingencySize rows_before(const PairTables& tables, std::int64_t item) {
    using Sums = Word[size_fields];
    PF_SHARED(Sums, sums);
    if (threadIdx.x < size_fields) sums[threadIdx.x] = 0;
    __syncthreads();
    if (item > 0) {
        Word mine[size_fields] = {};
        for (std::int64_t i = threadIdx.x; i < item; i += threads)
#pragma unroll
            for (int field = 0; field < size_fields; ++field)
                mine[field] += tables.sizes[i * size_fields + field];
#pragma unroll
        for (int field = 0; field < size_fields; ++field) {
            for (int lanes = 16; lanes > 0; lanes /= 2)
                mine[field] += __shfl_xor_sync(full_warp, mine[field], lanes);
            if (threadIdx.x % 32 == 0) atomicAdd(sums + field, mine[field]);
        }
    }
    __syncthreads();
    return {static_cast<std::int64_t>(sums[pairs_size]), static_cast<std::int64_t>(sums[gt_side]),
            static_cast<std::int64_t>(sums[pred_side])};
}

// Every item has as many blocks as the one that needs most.
template <int threads>
__global__ void __launch_bounds__(threads) rank_kernel(const __grid_constant__ BatchColumns batch) {
    const std::int64_t index = blockIdx.x / batch.blocks_per_item;
    const std::uint32_t* const size = batch.tables.sizes + index * size_fields;
    if (!is_ranked(size[pairs_size], batch.tables)) return;
    const std::uint32_t of_pairs = blocks_for(size[pairs_size], threads);
    const std::uint32_t of_gt = blocks_for(size[gt_side], threads);
    const std::uint32_t of_pred = blocks_for(size[pred_side], threads);
    const std::uint32_t block = blockIdx.x % batch.blocks_per_item;
    if (block >= of_pairs + of_gt + of_pred) return;

    const ItemColumns item = {
        batch.tables.item(index),
        size[pairs_size],
        {size[gt_side], size[pred_side]},
        {batch.dtypes[gt_side], batch.dtypes[pred_side]},
        matching::after(batch.columns, rows_before<threads>(batch.tables, index),
                        batch.dtypes[gt_side], batch.dtypes[pred_side])};
    if (block < of_pairs)
        rank_pairs<threads>(item, block);
    else if (block < of_pairs + of_gt)
        rank_labels<threads, gt_side>(item, block - of_pairs);
    else
        rank_labels<threads, pred_side>(item, block - of_pairs - of_gt);
}

__device__ std::uint32_t thread_of_grid() { return blockIdx.x * blockDim.x + threadIdx.x; }

// The ids of one side of the pairs, in `order` or in that of the list.
__global__ void pair_keys(const __grid_constant__ ItemColumns item, int side,
                          const std::uint32_t* order, Word* keys, std::uint32_t* values) {
    const std::uint32_t i = thread_of_grid();
    if (i >= item.pairs) return;
    const std::uint32_t pair = order == nullptr ? i : order[i];
    keys[i] = pair_id(item, pair, side);
    values[i] = pair;
}

__global__ void label_keys(const __grid_constant__ ItemColumns item, int side, Word* keys,
                           std::uint32_t* values) {
    const std::uint32_t label = thread_of_grid();
    if (label >= item.labels[side]) return;
    keys[label] = label_id(item, label, side);
    values[label] = label;
}

__global__ void store_pairs(const __grid_constant__ ItemColumns item, const std::uint32_t* order) {
    const std::uint32_t row = thread_of_grid();
    if (row < item.pairs) store_pair(item, row, order[row]);
}

__global__ void store_labels(const __grid_constant__ ItemColumns item, int side, const Word* keys) {
    const std::uint32_t row = thread_of_grid();
    if (row < item.labels[side]) store_label(item, row, keys[row], 0, side);
}

__global__ void add_areas(const __grid_constant__ ItemColumns item, int side, const Word* keys,
                          Word* areas) {
    const std::uint32_t pair = thread_of_grid();
    if (pair >= item.pairs) return;
    const Word id = pair_id(item, pair, side);
    std::uint32_t low = 0, high = item.labels[side] - 1;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (keys[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    atomicAdd(areas + low, pair_count(item, pair));
}

struct SortMemory {
    Word* keys;
    Word* sorted_keys;
    std::uint32_t* values;
    std::uint32_t* order;  // the sorted values
    void* temporary;
    std::size_t temporary_bytes;
};

// From the last digit to the first: by pred, then by gt, keeping the order of pred.
void sort_columns(const ItemColumns& item, const SortMemory& memory, cudaStream_t stream) {
    Word* const keys = memory.keys;
    std::uint32_t* const values = memory.values;
    std::uint32_t* const order = memory.order;
    const auto sort = [&](std::uint32_t size, int side) {
        stable_sort_pairs({keys, values, memory.sorted_keys, order, size},
                          8 * item.dtypes[side].bytes, memory.temporary, memory.temporary_bytes,
                          stream);
    };

    const std::uint32_t pair_blocks = blocks_for(item.pairs, sort_threads);
    for (const int side : {pred_side, gt_side}) {
        const std::uint32_t* const before = side == pred_side ? nullptr : order;
        launch(pair_keys, pair_blocks, sort_threads, stream, item, side, before, keys, values);
        sort(item.pairs, side);
    }
    launch(store_pairs, pair_blocks, sort_threads, stream, item, order);

    for (const int side : {gt_side, pred_side}) {
        const std::uint32_t labels = item.labels[side];
        const std::uint32_t label_blocks = blocks_for(labels, sort_threads);
        launch(label_keys, label_blocks, sort_threads, stream, item, side, keys, values);
        sort(labels, side);
        launch(store_labels, label_blocks, sort_threads, stream, item, side, memory.sorted_keys);
        auto* const areas = reinterpret_cast<Word*>(side == gt_side ? item.columns.gt_areas
                                                                    : item.columns.pred_areas);
        launch(add_areas, pair_blocks, sort_threads, stream, item, side, memory.sorted_keys, areas);
    }
}

// All memory is asked for before the first launch, after which nothing may fail that leaves kernels
// at work in memory that has been given back.
void sort_all(const std::vector<ItemColumns>& items, const Call& call) {
    std::uint32_t most = 0;
    std::size_t temporary_bytes = 0;
    for (const ItemColumns& item : items) {
        most = std::max(most, item.pairs);
        for (const std::uint32_t size : {item.pairs, item.labels[gt_side], item.labels[pred_side]})
            temporary_bytes = std::max(temporary_bytes, stable_sort_pairs_bytes(size));
    }
    Workspace workspace;
    const auto keys = workspace.reserve<Word>(most);
    const auto sorted_keys = workspace.reserve<Word>(most);
    const auto values = workspace.reserve<std::uint32_t>(most);
    const auto order = workspace.reserve<std::uint32_t>(most);
    const auto temporary = workspace.reserve<std::byte>(temporary_bytes);
    workspace.allocate(call);
    const SortMemory memory = {workspace.at(keys),  workspace.at(sorted_keys), workspace.at(values),
                               workspace.at(order), workspace.at(temporary),   temporary_bytes};
    for (const ItemColumns& item : items) sort_columns(item, memory, call.stream);
}

}  // namespace

void write_columns(const CountedBatch& batch, const matching::ContingencyColumns& columns,
                   const Call& call) {
    BatchColumns ranked{batch.first, {batch.dtypes[gt_side], batch.dtypes[pred_side]}, columns, 0};
    std::vector<ItemColumns> sorted;
    matching::ContingencyColumns rest = columns;
    for (const CountedItem& item : batch.items) {
        const auto pairs = static_cast<std::uint32_t>(item.size.pairs);
        const auto gt_labels = static_cast<std::uint32_t>(item.size.gt_labels);
        const auto pred_labels = static_cast<std::uint32_t>(item.size.pred_labels);
        if (is_ranked(item.size.pairs, batch.first))
            ranked.blocks_per_item =
                std::max(ranked.blocks_per_item, blocks_for(pairs, rank_threads) +
                                                     blocks_for(gt_labels, rank_threads) +
                                                     blocks_for(pred_labels, rank_threads));
        else
            sorted.push_back({item.tables.item(item.row),
                              pairs,
                              {gt_labels, pred_labels},
                              {batch.dtypes[gt_side], batch.dtypes[pred_side]},
                              rest});
        rest = matching::after(rest, item.size, batch.dtypes[gt_side], batch.dtypes[pred_side]);
    }
    const std::uint64_t blocks = std::uint64_t{ranked.blocks_per_item} * batch.items.size();
    if (blocks > 0x7fffffff) throw std::length_error("gt and pred: too many items for one launch");

    if (!sorted.empty()) sort_all(sorted, call);
    if (blocks > 0)
        launch(rank_kernel<rank_threads>, static_cast<unsigned>(blocks), rank_threads, call.stream,
               ranked);
}

}  // namespace panfuse::cuda

#include "cuda/labeling/merge.h"

#include <utility>

#include "cuda/labeling/values.cuh"
#include "cuda/support/grid.h"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {
namespace {

constexpr int threads = tile(256, 64);

__global__ void find_firsts(Rows rows, const std::uint32_t* owners, Pixel* firsts) {
    const std::uint32_t row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row < rows.count && owners[row] != no_row)
        atomicMin(firsts + owners[row], static_cast<Pixel>(rows.sums[row].first));
}

__global__ void plant(Rows rows, const std::uint32_t* owners, const Pixel* firsts, Forest to) {
    const PixelOfThread at(to);
    if (!at.exists) return;
    const std::uint32_t row = row_of(rows, at.item, at.pixel);
    const std::uint32_t owner = row == no_row ? no_row : owners[row];
    to.parents[at.item * to.pixels() + at.pixel] = owner == no_row ? no_pixel : firsts[owner];
}

__global__ void find_values(Rows rows, const std::uint32_t* owners, const Pixel* firsts,
                            Rows merged, Pixel* value_at) {
    const std::uint32_t row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows.count || owners[row] != row) return;
    const std::int64_t item = item_of(rows.bases, rows.forest.items, row);
    value_at[row_of(merged, item, firsts[row])] = rows.value_pixel(row);
}

}  // namespace

Merged merge(const Rows& rows, const std::uint32_t* owners, const Call& call) {
    Workspace workspace;
    const auto firsts = workspace.reserve<Pixel>(rows.count);
    const auto parents = workspace.reserve<Pixel>(static_cast<std::uint64_t>(rows.forest.size()));
    const auto values = workspace.reserve<Pixel>(rows.count);
    workspace.allocate(call);
    const Forest forest{workspace.at(parents), rows.forest.items, rows.forest.shape};
    Pixel* const first_of = workspace.at(firsts);
    const unsigned blocks = blocks_for(1, rows.count, threads);
    PF_CUDA(cudaMemsetAsync(first_of, 0xff, rows.count * sizeof(Pixel), call.stream));
    launch(find_firsts, blocks, threads, call.stream, rows, owners, first_of);
    launch(plant, blocks_for(forest.items, forest.pixels(), threads), threads, call.stream, rows,
           owners, first_of, forest);
    Ranks ranks = number_roots(forest, call);
    Merged merged{add_up(forest, ranks, call), std::move(ranks.counts)};
    if (merged.rows.count == 0) return merged;
    launch(find_values, blocks, threads, call.stream, rows, owners, first_of, merged.rows,
           workspace.at(values));
    merged.rows.value_at = workspace.at(values);
    return merged;
}

}  // namespace panfuse::cuda

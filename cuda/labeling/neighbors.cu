#include <stdexcept>

#include "cuda/labeling/filters.h"
#include "cuda/labeling/row_order.h"
#include "cuda/labeling/values.cuh"
#include "cuda/support/grid.h"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {
namespace {

constexpr int threads = tile(256, 64);

// Calls visit(removed row, kept row) for the faces of a thread's pixel between such.
template <class Visit>
__device__ void visit_shared(const Rows& rows, const std::uint8_t* kept, Visit visit) {
    const PixelOfThread at(rows.forest);
    if (!at.exists) return;
    const std::uint32_t row = row_of(rows, at.item, at.pixel);
    if (row == no_row || kept[row] != 0) return;
    visit_faces(at.pixel, rows.forest.shape, [&](Pixel other) {
        const std::uint32_t beside = row_of(rows, at.item, other);
        if (beside != no_row && kept[beside] != 0) visit(row, beside);
    });
}

__global__ void count_faces(Rows rows, const std::uint8_t* kept, Word* count) {
    Word own = 0;
    visit_shared(rows, kept, [&](std::uint32_t, std::uint32_t) { ++own; });
    if (own != 0) atomicAdd(count, own);
}

// In any order: the list is sorted next.
__global__ void list_faces(Rows rows, const std::uint8_t* kept, Word* count, Word* pairs) {
    visit_shared(rows, kept, [&](std::uint32_t row, std::uint32_t beside) {
        pairs[atomicAdd(count, Word{1})] = Word{row} << 32 | beside;
    });
}

// The best neighbour as one number: more faces first, then the lower row.
__global__ void find_best(const Word* pairs, std::uint32_t count, Word* best) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count || (i > 0 && pairs[i - 1] == pairs[i])) return;
    std::uint32_t low = i, high = count;  // where other pairs begin
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (pairs[middle] > pairs[i])
            high = middle;
        else
            low = middle + 1;
    }
    const auto beside = static_cast<std::uint32_t>(pairs[i]);
    atomicMax(best + (pairs[i] >> 32), Word{low - i} << 32 | (no_row - beside));
}

__global__ void join_best(const Word* best, std::uint32_t count, std::uint32_t* owners) {
    const std::uint32_t row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row < count && best[row] != 0) owners[row] = no_row - static_cast<std::uint32_t>(best[row]);
}

}  // namespace

void find_neighbors(const Rows& rows, const std::uint8_t* kept, std::uint32_t* owners,
                    const Call& call) {
    Workspace workspace;
    const auto counters = workspace.reserve<Word>(2);
    const auto best_of = workspace.reserve<Word>(rows.count);
    workspace.allocate(call);
    PF_CUDA(cudaMemsetAsync(workspace.at(counters), 0, workspace.size(), call.stream));
    Word* const counts = workspace.at(counters);
    Word* const best = workspace.at(best_of);
    const unsigned blocks = blocks_for(rows.forest.items, rows.forest.pixels(), threads);
    launch(count_faces, blocks, threads, call.stream, rows, kept, counts);
    Word faces = 0;
    PF_CUDA(cudaMemcpyAsync(&faces, counts, sizeof faces, cudaMemcpyDeviceToHost, call.stream));
    PF_CUDA(cudaStreamSynchronize(call.stream));
    if (faces == 0) return;
    if (faces >= no_row)
        throw std::length_error("image: more than 2^32 faces between removed and kept components");

    RowOrder pairs(static_cast<std::uint32_t>(faces), call);
    launch(list_faces, blocks, threads, call.stream, rows, kept, counts + 1, pairs.keys());
    PF_CUDA(cudaMemsetAsync(pairs.rows(), 0, faces * sizeof(std::uint32_t), call.stream));
    pairs.sort(64, call);
    launch(find_best, blocks_for(1, pairs.count(), threads), threads, call.stream, pairs.keys(),
           pairs.count(), best);
    launch(join_best, blocks_for(1, rows.count, threads), threads, call.stream, best, rows.count,
           owners);
}

}  // namespace panfuse::cuda

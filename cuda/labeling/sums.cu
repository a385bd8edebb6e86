#include "cuda/labeling/sums.h"

#include <stdexcept>
#include <string>

#include "cuda/labeling/codes.cuh"
#include "cuda/labeling/runs.cuh"
#include "cuda/labeling/values.cuh"
#include "cuda/support/grid.h"
#include "cuda/support/key_set.cuh"
#include "cuda/support/workspace.h"
#include "labeling/rows.h"

namespace panfuse::cuda {
namespace {

constexpr int threads = tile(256, 64);

__global__ void clear_sums(labeling::Sums* sums, std::uint32_t count) {
    const std::uint32_t row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row < count) sums[row] = labeling::no_sums(0);
}

__device__ void add_word(std::uint64_t& to, std::uint64_t value) {
    if (value != 0) atomicAdd(reinterpret_cast<Word*>(&to), Word{value});
}

// Most runs lie in the box that others have made; looking first saves their atomics.
__device__ void lower(std::uint32_t& to, std::uint32_t value) {
    if (load_shared_with_others(&to) > value) atomicMin(&to, value);
}

__device__ void raise(std::uint32_t& to, std::uint32_t value) {
    if (load_shared_with_others(&to) < value) atomicMax(&to, value);
}

struct Adder {
    const Word* bases;
    labeling::Sums* sums;
    Forest forest;

    __device__ std::uint32_t key(const Pixel* parents, Pixel pixel) const {
        return label_of(parents, pixel);
    }

    __device__ void add(std::uint32_t label, const PixelRun& run) const {
        labeling::Sums own = labeling::no_sums(0);
        labeling::add_run(own, run.begin, run.end, run.y, run.z);
        labeling::Sums& to = sums[bases[run.item] + label - 1];
        add_word(to.area, own.area);
        add_word(to.twice_x, own.twice_x);
        add_word(to.y, own.y);
        add_word(to.z, own.z);
        lower(to.x_begin, own.x_begin);
        lower(to.y_begin, own.y_begin);
        lower(to.z_begin, own.z_begin);
        raise(to.x_end, own.x_end);
        raise(to.y_end, own.y_end);
        raise(to.z_end, own.z_end);
        // A root starts a run.
        const Pixel parent = forest.parents[run.item * forest.pixels() + run.first];
        if ((parent & is_label) != 0) to.first = run.first;
    }
};

struct RowWriter {
    Rows rows;
    Pictures pictures;
    int rank;
    labeling::ComponentColumns columns;
};

__global__ void write_rows(const __grid_constant__ RowWriter writer) {
    const std::uint32_t row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= writer.rows.count) return;
    const labeling::ComponentColumns& columns = writer.columns;
    const labeling::Sums& sums = writer.rows.sums[row];
    const int rank = writer.rank;
    const std::int64_t at = std::int64_t{row} * rank;
    store_raw(columns.value, row, value_of(writer.rows, writer.pictures, row),
              writer.pictures.dtype.bytes);
    columns.area[row] = static_cast<std::int64_t>(sums.area);
    labeling::write_extent(sums, rank, columns.start + at, columns.stop + at);
    labeling::write_box(sums, rank, columns.bbox + 2 * at);
    labeling::write_centroid(sums, rank, columns.centroid + at);
    columns.first[row] = sums.first;
    columns.touches_border[row] = labeling::touches_border(sums, writer.pictures.shape, rank);
}

}  // namespace

Rows add_up(const Forest& forest, const Ranks& ranks, const Call& call) {
    const std::int64_t count = ranks.count();
    if (count >= no_pixel)
        throw std::length_error("image: expected fewer than 2^32 components on a GPU, got " +
                                std::to_string(count));
    Workspace workspace;
    const auto sums = workspace.reserve<labeling::Sums>(static_cast<std::uint64_t>(count));
    workspace.allocate(call);
    const Rows rows{forest, ranks.bases, workspace.at(sums), nullptr,
                    static_cast<std::uint32_t>(count)};
    if (count == 0) return rows;
    launch(clear_sums, blocks_for(1, count, threads), threads, call.stream, rows.sums, rows.count);
    walk_runs(forest, Adder{rows.bases, rows.sums, forest}, call);
    return rows;
}

void write_components(const Rows& rows, const Pictures& pictures, int rank,
                      const labeling::ComponentColumns& columns, const Call& call) {
    if (rows.count == 0) return;
    launch(write_rows, blocks_for(1, rows.count, threads), threads, call.stream,
           RowWriter{rows, pictures, rank, columns});
}

}  // namespace panfuse::cuda

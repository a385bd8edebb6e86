#include "cuda/labeling/forest.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "cuda/labeling/codes.cuh"
#include "cuda/labeling/contacts.cuh"
#include "cuda/labeling/roots.cuh"
#include "cuda/labeling/tiles.cuh"
#include "cuda/support/block_count.cuh"
#include "cuda/support/grid.h"
#include "cuda/support/primitives.cuh"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {
namespace {

// The components of a tile; pixels get their roots in it.
template <class Code, class T>
__global__ void __launch_bounds__(T::threads)
    label_tile(const __grid_constant__ Pictures pictures, Tiling tiles, int steps, Forest forest) {
    using Codes = Code[T::threads];
    using Parents = Pixel[T::threads];
    PF_SHARED(Codes, codes);
    PF_SHARED(Parents, parents);
    const labeling::Shape& shape = pictures.shape;
    const Spot<T> spot(tiles);
    const int thread = static_cast<int>(threadIdx.x);
    const bool exists = spot.exists(shape);
    Coded own{0, false};
    if (exists) own = code_at(pictures, spot.item, spot.z, spot.y, spot.x);
    const Code code = static_cast<Code>(own.code);
    codes[thread] = code;
    __syncthreads();

    // A run in a row of the tile starts as one set. Lanes of the row before it start runs too.
    const bool joins = own.inside && spot.in_x > 0 && codes[thread - 1] == code;
    const unsigned starts = __ballot_sync(full_warp, !joins);
    const int lane = thread % 32;
    const int start = 31 - __clz(static_cast<int>(starts & (full_warp >> (31 - lane))));
    parents[thread] = static_cast<Pixel>(thread - lane + start);
    __syncthreads();

    const auto beside = [&](int dz, int dy, int dx) {
        return thread + (dz * T::height + dy) * T::width + dx;
    };
    if (own.inside)
        visit_contacts(
            steps, T::depth > 1,
            [&](int dz, int dy, int dx) {
                return spot.has(dz, dy, dx) && spot.exists(shape, dz, dy, dx) &&
                       codes[beside(dz, dy, dx)] == code;
            },
            [&](int dz, int dy, int dx) {
                unite(parents, static_cast<Pixel>(thread), static_cast<Pixel>(beside(dz, dy, dx)));
            });
    __syncthreads();

    if (!exists) return;
    Pixel root = no_pixel;
    if (own.inside) {
        const int at = static_cast<int>(find(parents, static_cast<Pixel>(thread)));
        root = spot.pixel(shape, at / (T::width * T::height) - spot.in_z,
                          at / T::width % T::height - spot.in_y, at % T::width - spot.in_x);
    }
    forest.parents[spot.item * forest.pixels() + spot.pixel(shape)] = root;
}

// Unites what touches across the borders of tiles.
template <class T>
__global__ void __launch_bounds__(T::threads)
    close_seams(const __grid_constant__ Pictures pictures, Tiling tiles, int steps, Forest forest) {
    const labeling::Shape& shape = pictures.shape;
    const Spot<T> spot(tiles);
    if (!spot.on_border() || !spot.exists(shape)) return;
    Pixel* const parents = forest.parents + spot.item * forest.pixels();
    const Pixel pixel = spot.pixel(shape);
    if (load_shared_with_others(parents + pixel) == no_pixel) return;
    const Word code = code_at(pictures, spot.item, spot.z, spot.y, spot.x).code;
    const auto same = [&](int dz, int dy, int dx) {
        return spot.exists(shape, dz, dy, dx) &&
               code_at(pictures, spot.item, spot.z + dz, spot.y + dy, spot.x + dx).code == code;
    };
    const auto visit = [&](int dz, int dy, int dx) {
        if (!spot.has(dz, dy, dx)) unite(parents, pixel, spot.pixel(shape, dz, dy, dx));
    };
    if (spot.in_x == 0 && same(0, 0, -1)) visit(0, 0, -1);
    visit_contacts(steps, T::depth > 1, same, visit);
}

constexpr int threads = tile(256, 64);
constexpr int rounds = tile(4, 2);
constexpr int chunk = threads * rounds;

// A part of an image's pixels, in C order.
struct Chunk {
    std::int64_t item, begin;
    Pixel* parents;  // the image's
    bool is_first;

    __device__ explicit Chunk(const Forest& forest) {
        const std::int64_t chunks = (forest.pixels() + chunk - 1) / chunk;
        item = blockIdx.x / chunks;
        begin = blockIdx.x % chunks * chunk;
        parents = forest.parents + item * forest.pixels();
        is_first = begin == 0;
    }
};

// Makes every parent a root, and counts the roots of each chunk where `counts` is not null.
__global__ void __launch_bounds__(threads) flatten_chunk(Forest forest, Word* counts) {
    const Chunk mine(forest);
    int roots = 0;
    for (int round = 0; round < rounds; ++round) {
        const std::int64_t at = mine.begin + round * threads + threadIdx.x;
        bool is_root = false;
        if (at < forest.pixels()) {
            const auto pixel = static_cast<Pixel>(at);
            const Pixel parent = load_shared_with_others(mine.parents + pixel);
            is_root = parent == pixel;
            if (!is_root && parent != no_pixel) {
                const Pixel root = find(mine.parents, parent);
                if (root != parent) mine.parents[pixel] = root;
            }
        }
        if (counts != nullptr) roots += count_flags<threads>(is_root).total;
    }
    if (counts != nullptr && threadIdx.x == 0) counts[blockIdx.x] = static_cast<Word>(roots);
}

// `before`: how many roots there are in the chunks before one; one entry more than chunks.
__global__ void __launch_bounds__(threads)
    number_chunk(Forest forest, const Word* before, Word* bases) {
    const Chunk mine(forest);
    const std::int64_t chunks = gridDim.x / forest.items;
    const Word base = before[mine.item * chunks];
    if (threadIdx.x == 0 && mine.is_first) {
        bases[mine.item] = base;
        if (mine.item + 1 == forest.items) bases[forest.items] = before[gridDim.x];
    }
    auto label = static_cast<std::uint32_t>(before[blockIdx.x] - base) + 1;
    for (int round = 0; round < rounds; ++round) {
        const std::int64_t at = mine.begin + round * threads + threadIdx.x;
        const bool is_root = at < forest.pixels() && mine.parents[at] == static_cast<Pixel>(at);
        const BlockCount roots = count_flags<threads>(is_root);
        if (is_root) mine.parents[at] = is_label | (label + static_cast<unsigned>(roots.before));
        label += static_cast<unsigned>(roots.total);
    }
}

template <class Label>
__global__ void __launch_bounds__(threads) write_chunk(Forest forest, Label* labels) {
    const Chunk mine(forest);
    for (int round = 0; round < rounds; ++round) {
        const std::int64_t at = mine.begin + round * threads + threadIdx.x;
        if (at < forest.pixels())
            labels[mine.item * forest.pixels() + at] =
                static_cast<Label>(label_of(mine.parents, static_cast<Pixel>(at)));
    }
}

template <class T>
void connect_tiles(const Pictures& pictures, int steps, const Forest& forest, const Call& call) {
    const Tiling tiles = tiling<T>(pictures.shape);
    const std::int64_t per_item = std::int64_t{tiles.x} * tiles.y * tiles.z;
    const unsigned blocks = blocks_for(pictures.items, per_item, 1);
    const bool wide = pictures.meaning == Pictures::Meaning::values && pictures.dtype.bytes == 8;
    launch(wide ? label_tile<std::uint64_t, T> : label_tile<std::uint32_t, T>, blocks, T::threads,
           call.stream, pictures, tiles, steps, forest);
    if (per_item > 1)
        launch(close_seams<T>, blocks, T::threads, call.stream, pictures, tiles, steps, forest);
}

unsigned chunks_of(const Forest& forest) {
    return blocks_for(forest.items, forest.pixels(), chunk);
}

}  // namespace

Forest new_forest(const Pictures& pictures, const Call& call) {
    Workspace workspace;
    const auto size = static_cast<std::uint64_t>(pictures.items * pictures.shape.pixels());
    const auto parents = workspace.reserve<Pixel>(size);
    workspace.allocate(call);
    return {workspace.at(parents), pictures.items, pictures.shape};
}

void connect(const Pictures& pictures, int steps, const Forest& forest, const Call& call) {
    if (pictures.shape.planes > 1)
        connect_tiles<DeepTile>(pictures, steps, forest, call);
    else
        connect_tiles<FlatTile>(pictures, steps, forest, call);
}

void flatten(const Forest& forest, const Call& call) {
    launch(flatten_chunk, chunks_of(forest), threads, call.stream, forest,
           static_cast<Word*>(nullptr));
}

std::int64_t Ranks::count() const {
    std::int64_t count = 0;
    for (const std::int64_t one : counts) count += one;
    return count;
}

Ranks number_roots(const Forest& forest, const Call& call) {
    const unsigned chunks = chunks_of(forest);
    const std::size_t temporary_bytes = exclusive_sums_bytes(chunks + 1);
    Workspace workspace;
    const auto counts = workspace.reserve<Word>(chunks + std::uint64_t{1});
    const auto before = workspace.reserve<Word>(chunks + std::uint64_t{1});
    const auto bases = workspace.reserve<Word>(static_cast<std::uint64_t>(forest.items) + 1);
    const auto temporary = workspace.reserve<std::byte>(temporary_bytes);
    workspace.allocate(call);
    PF_CUDA(cudaMemsetAsync(workspace.at(counts) + chunks, 0, sizeof(Word), call.stream));
    launch(flatten_chunk, chunks, threads, call.stream, forest, workspace.at(counts));
    exclusive_sums(workspace.at(counts), workspace.at(before), chunks + 1, workspace.at(temporary),
                   temporary_bytes, call.stream);
    launch(number_chunk, chunks, threads, call.stream, forest, workspace.at(before),
           workspace.at(bases));

    std::vector<Word> found(static_cast<std::size_t>(forest.items) + 1);
    PF_CUDA(cudaMemcpyAsync(found.data(), workspace.at(bases), found.size() * sizeof(Word),
                            cudaMemcpyDeviceToHost, call.stream));
    PF_CUDA(cudaStreamSynchronize(call.stream));
    Ranks ranks{workspace.at(bases), {}};
    for (std::size_t item = 0; item + 1 < found.size(); ++item)
        ranks.counts.push_back(static_cast<std::int64_t>(found[item + 1] - found[item]));
    return ranks;
}

void write_labels(const Forest& forest, void* labels, std::size_t label_bytes, const Call& call) {
    const unsigned chunks = chunks_of(forest);
    const auto write = [&](auto* to) {
        launch(write_chunk<std::remove_pointer_t<decltype(to)>>, chunks, threads, call.stream,
               forest, to);
    };
    if (label_bytes == 2) return write(static_cast<std::uint16_t*>(labels));
    if (label_bytes == 4) return write(static_cast<std::uint32_t*>(labels));
    write(static_cast<std::uint64_t*>(labels));
}

}  // namespace panfuse::cuda

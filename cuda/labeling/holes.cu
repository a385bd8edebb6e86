#include "cuda/labeling/holes.h"

#include "cuda/labeling/runs.cuh"
#include "cuda/support/grid.h"
#include "cuda/support/key_set.cuh"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {
namespace {

constexpr int threads = tile(256, 64);

struct Measurer {
    Forest forest;
    int rank;
    std::uint32_t* areas;

    __device__ std::uint32_t key(const Pixel* parents, Pixel pixel) const {
        return root_of(parents, pixel) + 1;
    }

    __device__ void add(std::uint32_t key, const PixelRun& run) const {
        labeling::Sums sums = labeling::no_sums(0);
        labeling::add_run(sums, run.begin, run.end, run.y, run.z);
        std::uint32_t& to = areas[run.item * forest.pixels() + (key - 1)];
        atomicAdd(&to, run.end - run.begin);
        if (labeling::touches_border(sums, forest.shape, rank) &&
            (load_shared_with_others(&to) & at_border) == 0)
            atomicOr(&to, at_border);
    }
};

// The background of an image, and by its roots what is known of holes.
struct Holes {
    Forest background;
    const std::uint32_t* areas;
    std::int64_t most_area;
    Pixel *lowest, *highest;  // roots of the components that share a face with it

    __device__ bool has(std::int64_t root) const {
        return (areas[root] & at_border) == 0 && areas[root] <= most_area;
    }
};

__global__ void look_around(Holes holes, Forest forest) {
    const PixelOfThread at(forest);
    if (!at.exists) return;
    const std::int64_t image = at.item * forest.pixels();
    const Pixel hole = root_of(holes.background.parents + image, at.pixel);
    if (hole == no_pixel || !holes.has(image + hole)) return;
    visit_faces(at.pixel, forest.shape, [&](Pixel other) {
        const Pixel root = root_of(forest.parents + image, other);
        if (root == no_pixel) return;
        Pixel& lowest = holes.lowest[image + hole];
        Pixel& highest = holes.highest[image + hole];
        if (load_shared_with_others(&lowest) > root) atomicMin(&lowest, root);
        if (load_shared_with_others(&highest) < root) atomicMax(&highest, root);
    });
}

__global__ void fill(Holes holes, Forest forest) {
    const PixelOfThread at(forest);
    if (!at.exists) return;
    const std::int64_t image = at.item * forest.pixels();
    const Pixel hole = root_of(holes.background.parents + image, at.pixel);
    if (hole == no_pixel || !holes.has(image + hole)) return;
    const Pixel owner = holes.lowest[image + hole];
    if (owner == holes.highest[image + hole]) forest.parents[image + at.pixel] = owner;
}

}  // namespace

void measure(const Forest& forest, int rank, std::uint32_t* areas, const Call& call) {
    PF_CUDA(cudaMemsetAsync(areas, 0, static_cast<std::size_t>(forest.size()) * sizeof *areas,
                            call.stream));
    walk_runs(forest, Measurer{forest, rank, areas}, call);
}

void fill_holes(const Forest& forest, const HoleOptions& options, const Call& call) {
    // A pixel without a parent is background.
    Pictures pictures =
        contiguous_pictures(forest.parents, {Dtype::Kind::unsigned_integer, sizeof(Pixel)},
                            forest.items, forest.shape, Pictures::Meaning::background);
    pictures.background = no_pixel;
    const auto size = static_cast<std::uint64_t>(forest.size());
    Workspace workspace;
    const auto areas = workspace.reserve<std::uint32_t>(size);
    const auto lowest = workspace.reserve<Pixel>(size);
    const auto highest = workspace.reserve<Pixel>(size);
    workspace.allocate(call);
    const Forest background = new_forest(pictures, call);
    connect(pictures, labeling::dual(options.steps, options.rank), background, call);
    flatten(background, call);
    measure(background, options.rank, workspace.at(areas), call);
    const Holes holes{background, workspace.at(areas), options.most_area, workspace.at(lowest),
                      workspace.at(highest)};
    PF_CUDA(cudaMemsetAsync(holes.lowest, 0xff, size * sizeof(Pixel), call.stream));
    PF_CUDA(cudaMemsetAsync(holes.highest, 0, size * sizeof(Pixel), call.stream));
    const unsigned blocks = blocks_for(forest.items, forest.pixels(), threads);
    launch(look_around, blocks, threads, call.stream, holes, forest);
    launch(fill, blocks, threads, call.stream, holes, forest);
}

}  // namespace panfuse::cuda

#include "cuda/rle/segments.h"

#include <algorithm>
#include <cstring>

#include "cuda/support/grid.h"
#include "cuda/support/launch.h"
#include "cuda/support/primitives.cuh"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {
namespace {

constexpr int threads = tile(256, 64);
constexpr std::int64_t expected_segments = tile(1024, 4);  // of an image

// In words of 32 bits: what the host reads.
constexpr std::size_t segment_words = sizeof(Segment) / sizeof(std::uint32_t);
static_assert(sizeof(Segment) % sizeof(std::uint32_t) == 0 && alignof(Segment) == 4);

struct Output {
    std::uint32_t* size;    // of `segments`
    std::uint32_t* counts;  // two a run
    Segment* segments;
};

__device__ bool is_first(const Runs& runs, std::uint32_t run) {
    return run == 0 || runs.keys[run] != runs.keys[run - 1];
}

// There are no more segments than runs.
__global__ void mark_segments(const __grid_constant__ Runs runs, Word* firsts, Segment* segments) {
    const std::uint32_t run = blockIdx.x * blockDim.x + threadIdx.x;
    if (run >= runs.count) return;
    firsts[run] = is_first(runs, run);
    segments[run] = {0, 0, 0, 0, 0, ~0u, 0, ~0u, 0};
}

// What the runs of a segment add to it.
struct Extent {
    std::uint32_t area, x_least, x_most, y_least, y_most;
};

__device__ Extent extent_of(std::uint32_t begin, std::uint32_t end, std::uint32_t height) {
    const std::uint32_t last = end - 1, x = begin / height, last_x = last / height;
    const std::uint32_t y = begin - x * height, last_y = last - last_x * height;
    const bool crosses = x != last_x;
    return {end - begin, x, last_x, crosses ? 0 : y, crosses ? height - 1 : last_y};
}

__device__ void join(Extent& to, const Extent& other) {
    const auto lower = [](std::uint32_t& a, std::uint32_t b) { a = b < a ? b : a; };
    const auto raise = [](std::uint32_t& a, std::uint32_t b) { a = b > a ? b : a; };
    to.area += other.area;
    lower(to.x_least, other.x_least);
    raise(to.x_most, other.x_most);
    lower(to.y_least, other.y_least);
    raise(to.y_most, other.y_most);
}

__device__ Extent from_lane_below(const Extent& own, unsigned lanes) {
    const auto shown = [lanes](std::uint32_t value) {
        return __shfl_down_sync(full_warp, value, lanes);
    };
    return {shown(own.area), shown(own.x_least), shown(own.x_most), shown(own.y_least),
            shown(own.y_most)};
}

__device__ void add(Segment& to, const Extent& extent) {
    atomicAdd(&to.area, extent.area);
    atomicMin(&to.x_least, extent.x_least);
    atomicMax(&to.x_most, extent.x_most);
    atomicMin(&to.y_least, extent.y_least);
    atomicMax(&to.y_most, extent.y_most);
}

// `before`: how many segments start before a run. The runs that a warp has of one segment are
// joined first.
__global__ void __launch_bounds__(threads)
    write_segments(const __grid_constant__ Runs runs, std::uint32_t height, const Word* before,
                   Output out) {
    const std::uint32_t run = blockIdx.x * threads + threadIdx.x;
    const bool exists = run < runs.count;
    std::uint32_t segment = ~0u;
    bool first = false;
    Extent extent{};
    if (exists) {
        const std::uint32_t at = runs.order[run];
        const std::uint32_t begin = runs.begins[at], end = runs.ends[at];
        first = is_first(runs, run);
        segment = static_cast<std::uint32_t>(before[run]) - !first;
        const std::uint32_t end_before = first ? 0 : runs.ends[runs.order[run - 1]];
        out.counts[2 * std::uint64_t{run}] = begin - end_before;
        out.counts[2 * std::uint64_t{run} + 1] = end - begin;
        extent = extent_of(begin, end, height);
        Segment& mine = out.segments[segment];
        if (first) {
            mine.item = runs.item(run);
            mine.id = runs.id(run);
            mine.first = run;
        }
        if (run + 1 == runs.count || is_first(runs, run + 1)) mine.end = end;
        if (run + 1 == runs.count) *out.size = segment + 1;
    }
    const unsigned lane = threadIdx.x % 32;
    for (unsigned lanes = 1; lanes < 32; lanes *= 2) {
        const Extent other = from_lane_below(extent, lanes);
        const std::uint32_t its = __shfl_down_sync(full_warp, segment, lanes);
        if (exists && lane + lanes < 32 && its == segment) join(extent, other);
    }
    if (exists && (first || lane == 0)) add(out.segments[segment], extent);
}

}  // namespace

Segments::Segments(const Runs& runs, std::int64_t items, std::int64_t height, const Call& call)
    : runs_(runs.count) {
    if (runs.count == 0) return;
    const std::uint64_t most = runs.count;
    const std::uint64_t expected =
        std::min(most, static_cast<std::uint64_t>(items) * expected_segments);
    const std::size_t scan_bytes = exclusive_sums_bytes(runs.count);
    Workspace workspace;
    const auto firsts = workspace.reserve<Word>(most);
    const auto before = workspace.reserve<Word>(most);
    const auto temporary = workspace.reserve<std::byte>(scan_bytes);
    const auto output = workspace.reserve<std::uint32_t>(1 + (2 + segment_words) * most);
    workspace.allocate(call);
    std::uint32_t* const words = workspace.at(output);
    const std::size_t head = 1 + 2 * most;
    const Output out{words, words + 1, reinterpret_cast<Segment*>(words + head)};
    const unsigned blocks = blocks_for(1, runs.count, threads);
    launch(mark_segments, blocks, threads, call.stream, runs, workspace.at(firsts), out.segments);
    exclusive_sums(workspace.at(firsts), workspace.at(before), runs.count, workspace.at(temporary),
                   scan_bytes, call.stream);
    launch(write_segments, blocks, threads, call.stream, runs, static_cast<std::uint32_t>(height),
           workspace.at(before), out);
    const auto read = [&](std::size_t begin, std::size_t end) {
        words_.resize(end);
        PF_CUDA(cudaMemcpyAsync(words_.data() + begin, words + begin,
                                (end - begin) * sizeof(std::uint32_t), cudaMemcpyDeviceToHost,
                                call.stream));
        PF_CUDA(cudaStreamSynchronize(call.stream));
    };
    const std::size_t likely = head + segment_words * expected;
    read(0, likely);
    size_ = words_[0];
    if (size_ > expected) read(likely, head + segment_words * size_);
}

Segment Segments::operator[](std::size_t i) const {
    Segment segment;
    std::memcpy(&segment, words_.data() + 1 + 2 * runs_ + segment_words * i, sizeof segment);
    return segment;
}

std::span<const std::uint32_t> Segments::counts(std::size_t i) const {
    const std::size_t begin = (*this)[i].first;
    const std::size_t end = i + 1 < size_ ? (*this)[i + 1].first : runs_;
    return {words_.data() + 1 + 2 * begin, 2 * (end - begin)};
}

}  // namespace panfuse::cuda

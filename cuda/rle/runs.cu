#include "cuda/rle/runs.h"

#include <bit>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "cuda/rle/column_parts.cuh"
#include "cuda/support/grid.h"
#include "cuda/support/key_set.cuh"
#include "cuda/support/primitives.cuh"
#include "cuda/support/workspace.h"
#include "rle/id_runs.h"

namespace panfuse::cuda {
namespace {

using S = ColumnStrip;
constexpr Word nowhere = ~Word{0};

// What the host must know, side by side in memory; all but `runs` start with all bits set.
struct Found {
    Word runs;
    Word first_bad;                     // the batch's column-major index of an id beyond int32
    std::uint32_t least, most_negated;  // of the ids, in sortable form
};

// An id as a signed number of 64 bits; those beyond it are the largest.
PF_HD std::int64_t value_of(Word code, const Maps& maps) {
    const Dtype dtype = maps.dtype;
    if (dtype.kind == Dtype::Kind::signed_integer && !maps.binary)
        return static_cast<std::int64_t>(to_ordered(code, dtype) ^ (OrderedId{1} << 63));
    constexpr Word largest = ~Word{0} >> 1;
    return static_cast<std::int64_t>(code < largest ? code : largest);
}

PF_HD bool fits(std::int64_t id) { return id == static_cast<std::int32_t>(id); }

PF_HD std::uint32_t sortable(std::int64_t id) {
    return static_cast<std::uint32_t>(id) ^ 0x80000000u;
}

// Runs that start in a part of a column, before it in the block, and in the block.
struct ColumnCount {
    std::uint32_t before, total;
};

__device__ ColumnCount count_in_column(std::uint32_t mine) {
    using Counts = std::uint32_t[S::warps][S::columns];
    PF_SHARED(Counts, counts);
    const int warp = static_cast<int>(threadIdx.x) / S::columns;
    const int column = static_cast<int>(threadIdx.x) % S::columns;
    counts[warp][column] = mine;
    __syncthreads();
    ColumnCount result{0, 0};
    for (int i = 0; i < S::warps; ++i) {
        if (i < warp) result.before += counts[i][column];
        result.total += counts[i][column];
    }
    return result;
}

PF_HD std::uint32_t smaller(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }

__device__ void lower(std::uint32_t& to, std::uint32_t value) {
    if (load_shared_with_others(&to) > value) atomicMin(&to, value);
}

// How many runs start in each cell, and which ids they have.
template <class Reader>
__global__ void __launch_bounds__(S::threads)
    count_runs(const __grid_constant__ Maps maps, StripGrid grid, Word* counts, Found* found) {
    const ColumnPart<S> part(maps, grid);
    std::uint32_t runs = 0, least = ~0u, most_negated = ~0u;
    const ColumnPixels<Reader, S> pixels(maps, part);
    pixels.visit_runs(
        [&](std::uint32_t place, Word code) {
            ++runs;
            const std::int64_t id = value_of(code, maps);
            if (fits(id)) {
                least = smaller(least, sortable(id));
                most_negated = smaller(most_negated, ~sortable(id));
            } else {
                atomicMin(&found->first_bad,
                          static_cast<Word>(part.item) * static_cast<Word>(maps.pixels()) + place);
            }
        },
        [](std::uint32_t) {});
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        least = smaller(least, __shfl_xor_sync(full_warp, least, lanes));
        most_negated = smaller(most_negated, __shfl_xor_sync(full_warp, most_negated, lanes));
    }
    if (threadIdx.x % 32 == 0) {
        lower(found->least, least);
        lower(found->most_negated, most_negated);
    }
    const ColumnCount column = count_in_column(runs);
    if (threadIdx.x < S::columns && part.in_image) counts[part.cell] = column.total;
}

struct RunWriter {
    const Word* before;  // by cell
    Word* keys;
    std::uint32_t *order, *begins, *ends;
    int id_bits;
};

template <class Reader>
__global__ void __launch_bounds__(S::threads)
    write_runs(const __grid_constant__ Maps maps, StripGrid grid,
               const __grid_constant__ RunWriter writer) {
    const ColumnPart<S> part(maps, grid);
    std::uint32_t runs = 0;
    const ColumnPixels<Reader, S> pixels(maps, part);
    pixels.visit_runs([&](std::uint32_t, Word) { ++runs; }, [](std::uint32_t) {});
    const ColumnCount column = count_in_column(runs);
    if (!part.in_image) return;
    auto run = static_cast<std::uint32_t>(writer.before[part.cell]) + column.before;
    const Word item = static_cast<Word>(part.item) << writer.id_bits;
    pixels.visit_runs(
        [&](std::uint32_t place, Word code) {
            const std::uint32_t id = sortable(value_of(code, maps));
            writer.keys[run] = item | (id & Runs::low_bits(writer.id_bits));
            writer.order[run] = run;
            writer.begins[run] = place;
            ++run;
        },
        // Of the run that started last, in this part or before it.
        [&](std::uint32_t place) { writer.ends[run - 1] = place; });
}

// Calls body with the Reader for the maps.
template <class Body>
void with_reader(const Maps& maps, Body body) {
    if (!maps.aligned) return body(Reader<std::uint64_t, false>{});
    switch (maps.dtype.bytes) {
        case 1: return body(Reader<std::uint8_t, true>{});
        case 2: return body(Reader<std::uint16_t, true>{});
        case 4: return body(Reader<std::uint32_t, true>{});
        default: return body(Reader<std::uint64_t, true>{});
    }
}

[[noreturn]] void throw_bad_id(const Maps& maps, Word place, cudaStream_t stream) {
    const auto pixels = static_cast<Word>(maps.pixels());
    const auto item = static_cast<std::int64_t>(place / pixels);
    const auto index = static_cast<std::int64_t>(place % pixels);
    const std::int64_t y = index % maps.height, x = index / maps.height;
    const std::byte* const address =
        maps.data + item * maps.item_stride + y * maps.row_stride + x * maps.stride;
    Word id = 0;
    PF_CUDA(cudaMemcpyAsync(&id, address, maps.dtype.bytes, cudaMemcpyDeviceToHost, stream));
    PF_CUDA(cudaStreamSynchronize(stream));
    const bool is_signed = maps.dtype.kind == Dtype::Kind::signed_integer;
    rle::throw_wide_id(is_signed ? std::to_string(value_of(id, maps)) : std::to_string(id), y, x);
}

}  // namespace

Runs find_runs(const Maps& maps, const Call& call) {
    const StripGrid grid = StripGrid::of<S>(maps);
    const unsigned blocks =
        blocks_for(maps.items, std::int64_t{grid.x} * std::int64_t{grid.y}, 1, "ids");
    const std::uint64_t cells = static_cast<std::uint64_t>(maps.items * maps.width) * grid.y;
    if (cells > 0xfffffffe) throw std::length_error("ids: too many pixels for one launch");
    const auto sums = static_cast<std::uint32_t>(cells) + 1;
    const std::size_t scan_bytes = exclusive_sums_bytes(sums);
    // The last sum is the first member of `Found`.
    static_assert(offsetof(Found, runs) == 0 && sizeof(Found) % sizeof(Word) == 0);
    Workspace counting;
    const auto counts = counting.reserve<Word>(sums);
    const auto before = counting.reserve<Word>(cells + sizeof(Found) / sizeof(Word));
    const auto temporary = counting.reserve<std::byte>(scan_bytes);
    counting.allocate(call);
    Word* const all_runs = counting.at(before) + cells;
    PF_CUDA(cudaMemsetAsync(counting.at(counts) + cells, 0, sizeof(Word), call.stream));
    PF_CUDA(cudaMemsetAsync(all_runs, 0xff, sizeof(Found), call.stream));
    with_reader(maps, [&](auto reader) {
        launch(count_runs<decltype(reader)>, blocks, S::threads, call.stream, maps, grid,
               counting.at(counts), reinterpret_cast<Found*>(all_runs));
    });
    exclusive_sums(counting.at(counts), counting.at(before), sums, counting.at(temporary),
                   scan_bytes, call.stream);
    Found found;
    PF_CUDA(cudaMemcpyAsync(&found, all_runs, sizeof found, cudaMemcpyDeviceToHost, call.stream));
    PF_CUDA(cudaStreamSynchronize(call.stream));
    if (found.first_bad != nowhere) throw_bad_id(maps, found.first_bad, call.stream);
    if (found.runs > 0xfffffffe)
        throw std::length_error("ids: expected fewer than 2^32 runs on a GPU, got " +
                                std::to_string(found.runs));
    Runs runs{};
    runs.count = static_cast<std::uint32_t>(found.runs);
    if (runs.count == 0) return runs;

    const std::uint32_t differing = found.least ^ ~found.most_negated;
    runs.id_bits = std::bit_width(differing);
    runs.common = found.least & ~static_cast<std::uint32_t>(Runs::low_bits(runs.id_bits));
    const bool sorts = runs.id_bits > 0;
    const std::uint32_t sorted = sorts ? runs.count : 0;
    const std::size_t sort_bytes = sorts ? stable_sort_pairs_bytes(runs.count) : 0;
    Workspace writing;
    const auto keys = writing.reserve<Word>(runs.count);
    const auto order = writing.reserve<std::uint32_t>(runs.count);
    const auto begins = writing.reserve<std::uint32_t>(runs.count);
    const auto ends = writing.reserve<std::uint32_t>(runs.count);
    const auto sorted_keys = writing.reserve<Word>(sorted);
    const auto sorted_order = writing.reserve<std::uint32_t>(sorted);
    const auto sort_memory = writing.reserve<std::byte>(sort_bytes);
    writing.allocate(call);
    runs.keys = writing.at(sorts ? sorted_keys : keys);
    runs.order = writing.at(sorts ? sorted_order : order);
    runs.begins = writing.at(begins);
    runs.ends = writing.at(ends);
    with_reader(maps, [&](auto reader) {
        launch(write_runs<decltype(reader)>, blocks, S::threads, call.stream, maps, grid,
               RunWriter{counting.at(before), writing.at(keys), writing.at(order),
                         writing.at(begins), writing.at(ends), runs.id_bits});
    });
    if (sorts) {
        const auto item_bits =
            static_cast<int>(std::bit_width(static_cast<std::uint64_t>(maps.items - 1)));
        stable_sort_pairs({writing.at(keys), writing.at(order), writing.at(sorted_keys),
                           writing.at(sorted_order), runs.count},
                          runs.id_bits + item_bits, writing.at(sort_memory), sort_bytes,
                          call.stream);
    }
    return runs;
}

}  // namespace panfuse::cuda

#include "cuda/labeling/filters.h"

#include <limits>

#include "cuda/labeling/row_order.h"
#include "cuda/labeling/values.cuh"
#include "cuda/support/grid.h"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {
namespace {

constexpr int threads = tile(256, 64);

struct Limits {
    std::int64_t min_area, max_area;
    bool clear_border;
    int rank;
};

__global__ void choose(Rows rows, Limits limits, std::uint8_t* kept) {
    const std::uint32_t row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows.count) return;
    const labeling::Sums& sums = rows.sums[row];
    const auto area = static_cast<std::int64_t>(sums.area);
    const bool border =
        limits.clear_border && labeling::touches_border(sums, rows.forest.shape, limits.rank);
    kept[row] = !border && area >= limits.min_area && area <= limits.max_area;
}

// What makes rows compete with each other: their image, and their value where `by_value`.
struct Groups {
    Rows rows;
    Pictures pictures;
    bool by_value;

    __device__ Word value(std::uint32_t row) const {
        // Both zeros of a float are equal.
        return value_code(value_of(rows, pictures, row), pictures.dtype);
    }
    __device__ Word item(std::uint32_t row) const {
        return static_cast<Word>(item_of(rows.bases, rows.forest.items, row));
    }
    __device__ bool same(std::uint32_t a, std::uint32_t b) const {
        return item(a) == item(b) && (!by_value || value(a) == value(b));
    }
};

enum class Key : std::uint8_t { area, value, item };

// The largest first, and what goes anyway last.
__global__ void load_keys(const __grid_constant__ Groups groups, const std::uint8_t* kept, Key key,
                          Word* keys, std::uint32_t* order) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= groups.rows.count) return;
    if (key == Key::area) {
        order[i] = i;
        const auto area = static_cast<std::uint32_t>(groups.rows.sums[i].area);
        keys[i] = 0xffffffffu - (kept[i] != 0 ? area : 0u);
    } else {
        keys[i] = key == Key::value ? groups.value(order[i]) : groups.item(order[i]);
    }
}

// A row goes if there are `most` before it in its group: if the one so far before it is of it.
__global__ void drop_others(const __grid_constant__ Groups groups, const std::uint32_t* order,
                            std::int64_t most, std::uint8_t* kept) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < groups.rows.count && i >= most &&
        groups.same(order[i], order[static_cast<std::int64_t>(i) - most]))
        kept[order[i]] = 0;
}

void keep_largest(const Groups& groups, std::int64_t most, std::uint8_t* kept, const Call& call) {
    RowOrder order(groups.rows.count, call);
    const unsigned blocks = blocks_for(1, order.count(), threads);
    const auto sort_by = [&](Key key, int bits) {
        launch(load_keys, blocks, threads, call.stream, groups, kept, key, order.keys(),
               order.rows());
        order.sort(bits, call);
    };
    sort_by(Key::area, 32);
    if (groups.by_value) sort_by(Key::value, 8 * groups.pictures.dtype.bytes);
    if (groups.rows.forest.items > 1) sort_by(Key::item, 64);
    launch(drop_others, blocks, threads, call.stream, groups, order.rows(), most, kept);
}

__global__ void own_itself(const std::uint8_t* kept, std::uint32_t count, std::uint32_t* owners) {
    const std::uint32_t row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row < count) owners[row] = kept[row] != 0 ? row : no_row;
}

}  // namespace

const std::uint32_t* choose_owners(const Rows& rows, const Pictures& pictures,
                                   const labeling::Filters& filters, int rank, const Call& call) {
    Workspace workspace;
    const auto kept_rows = workspace.reserve<std::uint8_t>(rows.count);
    const auto owner_rows = workspace.reserve<std::uint32_t>(rows.count);
    workspace.allocate(call);
    std::uint8_t* const kept = workspace.at(kept_rows);
    std::uint32_t* const owners = workspace.at(owner_rows);
    const unsigned blocks = blocks_for(1, rows.count, threads);
    const Limits limits{filters.min_area.value_or(0),
                        filters.max_area.value_or(std::numeric_limits<std::int64_t>::max()),
                        filters.clear_border, rank};
    launch(choose, blocks, threads, call.stream, rows, limits, kept);
    if (filters.keep_largest) {
        const bool by_value = filters.per_value && pictures.meaning == Pictures::Meaning::values;
        keep_largest({rows, pictures, by_value}, *filters.keep_largest, kept, call);
    }
    launch(own_itself, blocks, threads, call.stream, kept, rows.count, owners);
    if (filters.to_neighbor) find_neighbors(rows, kept, owners, call);
    return owners;
}

}  // namespace panfuse::cuda

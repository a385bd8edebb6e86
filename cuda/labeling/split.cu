#include "cuda/labeling/split.h"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cuda/labeling/merge.h"
#include "cuda/labeling/row_order.h"
#include "cuda/labeling/values.cuh"
#include "cuda/support/grid.h"
#include "cuda/support/workspace.h"
#include "labeling/rows.h"

namespace panfuse::cuda {
namespace {

constexpr int threads = tile(256, 64);
constexpr std::uint32_t is_stuff = no_row - 1;  // in place of an owner, until that is known

// Category ids, ascending.
struct Ids {
    const OrderedId* ids;
    std::int64_t size;

    __device__ bool has(OrderedId id) const {
        std::int64_t low = 0, high = size;
        while (low < high) {
            const std::int64_t middle = low + (high - low) / 2;
            if (ids[middle] < id)
                low = middle + 1;
            else
                high = middle;
        }
        return low < size && ids[low] == id;
    }
};

__device__ OrderedId category_of(const Rows& rows, const Pictures& pictures, std::uint32_t row) {
    return to_ordered(value_of(rows, pictures, row), pictures.dtype);
}

// `id` as a segment's category; -1 if it does not fit.
__device__ std::int32_t small_category(OrderedId id, Dtype dtype) {
    const OrderedId value =
        dtype.kind == Dtype::Kind::signed_integer ? id ^ (OrderedId{1} << 63) : id;
    return value <= 0x7fffffff ? static_cast<std::int32_t>(value) : -1;
}

struct Sorter {
    Rows rows;
    Pictures pictures;
    Ids things, ignored;
    std::int64_t min_area;
    std::uint32_t* owners;
    Pixel* first_bad;
    Word* keys;
    std::uint32_t* order;
};

__global__ void sort_out(const __grid_constant__ Sorter sorter) {
    const std::uint32_t row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= sorter.rows.count) return;
    const OrderedId id = category_of(sorter.rows, sorter.pictures, row);
    const labeling::Sums& sums = sorter.rows.sums[row];
    std::uint32_t owner = no_row;
    if (!sorter.ignored.has(id)) {
        if (small_category(id, sorter.pictures.dtype) < 0)
            atomicMin(sorter.first_bad, static_cast<Pixel>(sums.first));
        else if (!sorter.things.has(id))
            owner = is_stuff;
        else if (static_cast<std::int64_t>(sums.area) >= sorter.min_area)
            owner = row;
    }
    sorter.owners[row] = owner;
    sorter.keys[row] = id;
    sorter.order[row] = row;
}

// The first region of a category is the first of its rows in the stable order by category.
__global__ void join_stuff(const Word* keys, const std::uint32_t* order, std::uint32_t count,
                           std::uint32_t* owners) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count || owners[order[i]] != is_stuff) return;
    std::uint32_t low = 0, high = i;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (keys[middle] < keys[i])
            low = middle + 1;
        else
            high = middle;
    }
    owners[order[i]] = order[low];
}

__global__ void write_segments(Rows rows, const __grid_constant__ Pictures pictures, Ids things,
                               int rank, labeling::SegmentColumns columns) {
    const std::uint32_t row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows.count) return;
    const OrderedId id = category_of(rows, pictures, row);
    columns.category_id[row] = small_category(id, pictures.dtype);
    columns.is_thing[row] = things.has(id);
    columns.area[row] = static_cast<std::int64_t>(rows.sums[row].area);
    labeling::write_box(rows.sums[row], rank, columns.bbox + std::int64_t{row} * 2 * rank);
}

labeling::LabelOptions label_options(const labeling::SplitOptions& options) {
    labeling::LabelOptions label;
    label.steps = options.steps;
    return label;
}

}  // namespace

Split::Split(const ArrayView& semantic, labeling::SplitOptions options, const Call& call)
    : pictures_(pictures_of(semantic, label_options(options))),
      options_(std::move(options)),
      rank_(semantic.rank),
      call_(call) {}

std::int64_t Split::count() {
    if (pictures_.empty()) return 0;
    const DeviceGuard guard(call_.device);
    const Forest forest = new_forest(pictures_, call_);
    connect(pictures_, options_.steps, forest, call_);
    const Rows regions = add_up(forest, number_roots(forest, call_), call_);

    Workspace workspace;
    const auto things = workspace.reserve<OrderedId>(options_.things.size());
    const auto ignored = workspace.reserve<OrderedId>(options_.ignored.size());
    const auto owner_rows = workspace.reserve<std::uint32_t>(regions.count);
    const auto bad_pixel = workspace.reserve<Pixel>(1);
    workspace.allocate(call_);
    const auto upload = [&](OrderedId* to, const std::vector<OrderedId>& ids) {
        if (!ids.empty())
            PF_CUDA(cudaMemcpyAsync(to, ids.data(), ids.size() * sizeof(OrderedId),
                                    cudaMemcpyHostToDevice, call_.stream));
        return Ids{to, static_cast<std::int64_t>(ids.size())};
    };
    std::uint32_t* const owners = workspace.at(owner_rows);
    Pixel* const first_bad = workspace.at(bad_pixel);
    PF_CUDA(cudaMemsetAsync(first_bad, 0xff, sizeof(Pixel), call_.stream));
    things_ = workspace.at(things);
    RowOrder order(regions.count, call_);
    const unsigned blocks = blocks_for(1, regions.count, threads);
    launch(sort_out, blocks, threads, call_.stream,
           Sorter{regions, pictures_, upload(workspace.at(things), options_.things),
                  upload(workspace.at(ignored), options_.ignored), options_.min_area, owners,
                  first_bad, order.keys(), order.rows()});
    order.sort(64, call_);
    launch(join_stuff, blocks, threads, call_.stream, order.keys(), order.rows(), regions.count,
           owners);
    Pixel bad = no_pixel;
    PF_CUDA(cudaMemcpyAsync(&bad, first_bad, sizeof bad, cudaMemcpyDeviceToHost, call_.stream));
    rows_ = merge(regions, owners, call_).rows;  // waits for the copy
    if (bad != no_pixel)
        throw std::invalid_argument(
            "semantic: expected category ids of 0 to 2**31 - 1 or values to ignore, got another "
            "at flat index " +
            std::to_string(bad));
    return rows_.count;
}

void Split::write(std::int32_t* ids, const labeling::SegmentColumns& columns) const {
    if (pictures_.empty()) return;
    const DeviceGuard guard(call_.device);
    write_labels(rows_.forest, ids, sizeof *ids, call_);
    if (rows_.count == 0) return;
    launch(write_segments, blocks_for(1, rows_.count, threads), threads, call_.stream, rows_,
           pictures_, Ids{things_, static_cast<std::int64_t>(options_.things.size())}, rank_,
           columns);
}

}  // namespace panfuse::cuda

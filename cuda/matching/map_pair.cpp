#include "cuda/matching/map_pair.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "cuda/support/ids.cuh"

namespace panfuse::cuda {

namespace {

struct Axis {
    std::int64_t length;
    std::int64_t strides[2];
};

void check_view(const ArrayView& view, const char* name) {
    check_dtype(view.dtype, name);
    if (view.rank < 0 || view.rank > max_rank)
        throw std::invalid_argument(std::string(name) + ": expected at most " +
                                    std::to_string(max_rank) + " axes, got " +
                                    std::to_string(view.rank));
    bool empty = false;
    for (int axis = 0; axis < view.rank; ++axis) {
        const std::int64_t length = view.shape[static_cast<std::size_t>(axis)];
        if (length < 0)
            throw std::invalid_argument(std::string(name) + ": an axis of a length below 0");
        empty |= length == 0;
    }
    std::int64_t size = empty ? 0 : 1;
    for (int axis = 0; axis < view.rank && !empty; ++axis)
        if (__builtin_mul_overflow(size, view.shape[static_cast<std::size_t>(axis)], &size))
            throw std::invalid_argument(std::string(name) + ": more elements than 2^63");
    if (size > 0 && view.data == nullptr)
        throw std::invalid_argument(std::string(name) + ": no data");
}

std::uint64_t magnitude(std::int64_t stride) {
    const auto bits = static_cast<std::uint64_t>(stride);
    return stride < 0 ? 0 - bits : bits;
}

// Longest strides first, no axis of one pixel, and none that merely continues the next.
std::vector<Axis> fewest_axes(std::vector<Axis> axes, MapPair& maps) {
    std::erase_if(axes, [](const Axis& axis) { return axis.length == 1; });
    for (Axis& axis : axes) {
        if (axis.strides[0] > 0 || axis.strides[1] > 0) continue;
        for (int side = 0; side < 2; ++side) {
            maps.sides[side].data += (axis.length - 1) * axis.strides[side];
            axis.strides[side] = -axis.strides[side];
        }
    }
    std::stable_sort(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) {
        if (a.strides[0] != b.strides[0]) return magnitude(a.strides[0]) > magnitude(b.strides[0]);
        return magnitude(a.strides[1]) > magnitude(b.strides[1]);
    });
    std::vector<Axis> merged;
    for (const Axis& axis : axes) {
        const bool continues = !merged.empty() &&
                               merged.back().strides[0] == axis.length * axis.strides[0] &&
                               merged.back().strides[1] == axis.length * axis.strides[1];
        if (continues)
            merged.back() = {merged.back().length * axis.length,
                             {axis.strides[0], axis.strides[1]}};
        else
            merged.push_back(axis);
    }
    return merged;
}

}  // namespace

MapPair pair_maps(const ArrayView& gt, const ArrayView& pred, bool batched) {
    check_view(gt, "gt");
    check_view(pred, "pred");
    const bool same = gt.rank == pred.rank &&
                      std::equal(gt.shape.begin(), gt.shape.begin() + gt.rank, pred.shape.begin());
    if (!same) throw std::invalid_argument("gt and pred must have one shape");
    if (batched && gt.rank == 0)
        throw std::invalid_argument("batched=True needs a leading axis, but gt has no axes");

    MapPair maps{};
    const ArrayView* const views[2] = {&gt, &pred};
    for (int side = 0; side < 2; ++side) {
        const ArrayView& view = *views[side];
        maps.sides[side] = {static_cast<const std::byte*>(view.data), batched ? view.strides[0] : 0,
                            view.dtype, true};
    }
    maps.items = batched ? gt.shape[0] : 1;

    std::vector<Axis> axes;
    for (auto axis = static_cast<std::size_t>(batched); axis < static_cast<std::size_t>(gt.rank);
         ++axis)
        axes.push_back({gt.shape[axis], {gt.strides[axis], pred.strides[axis]}});
    for (const Axis& axis : axes)
        if (axis.length == 0) return maps;
    maps.pixels = 1;
    for (const Axis& axis : axes) maps.pixels *= axis.length;
    if (maps.items == 0) return maps;

    axes = fewest_axes(std::move(axes), maps);
    for (int side = 0; side < 2; ++side) {
        MapPair::Side& map = maps.sides[side];
        std::uint64_t offsets = reinterpret_cast<std::uintptr_t>(map.data);
        if (maps.items > 1) offsets |= static_cast<std::uint64_t>(map.item_stride);
        for (const Axis& axis : axes) offsets |= static_cast<std::uint64_t>(axis.strides[side]);
        map.aligned = offsets % map.dtype.bytes == 0;
    }
    const bool contiguous =
        axes.empty() || (axes.size() == 1 && axes[0].strides[0] == gt.dtype.bytes &&
                         axes[0].strides[1] == pred.dtype.bytes);
    if (contiguous) return maps;
    maps.rank = static_cast<int>(axes.size());
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
        maps.shape[axis] = axes[axis].length;
        for (int side = 0; side < 2; ++side) maps.strides[side][axis] = axes[axis].strides[side];
    }
    return maps;
}

}  // namespace panfuse::cuda

#include "cuda/matching/contingency.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <new>
#include <numeric>
#include <stdexcept>

#include "cuda/matching/count_pairs.h"
#include "cuda/matching/map_pair.h"
#include "cuda/matching/pair_columns.h"
#include "cuda/matching/pair_tables.cuh"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {

namespace {

// Slots of each table at first. A natural image of 2 Mpx has some hundred pairs.
constexpr std::uint64_t least_slots = tile(4096, 128), most_slots = tile(32768, 512);
constexpr std::uint64_t pixels_per_slot = 64;
constexpr std::uint64_t growth = tile(64, 8);

// Takes any item: tables are filled up to half. Slots are numbered in 32 bits.
std::uint64_t slots_for_all(std::int64_t pixels) {
    constexpr std::uint64_t most = std::uint64_t{1} << 31;
    const auto n = static_cast<std::uint64_t>(pixels);
    return n >= most / 2 ? most : std::bit_ceil(2 * n);
}

std::uint64_t slots_at_first(std::int64_t pixels) {
    const std::uint64_t wanted = static_cast<std::uint64_t>(pixels) / pixels_per_slot;
    return std::min(slots_for_all(pixels),
                    std::bit_ceil(std::clamp(wanted, least_slots, most_slots)));
}

// Ids that the dtype does not have are in no map.
std::vector<Word> sortable_ids(const std::vector<OrderedId>& ids, Dtype dtype) {
    std::vector<Word> sortable;
    for (const OrderedId id : ids) {
        const Word all = ~Word{0} >> (64 - 8 * dtype.bytes);
        const Word raw = from_ordered(id, dtype) & all;
        if (to_ordered(raw, dtype) == id) sortable.push_back(raw ^ sign_bit(dtype));
    }
    std::sort(sortable.begin(), sortable.end());
    return sortable;
}

}  // namespace

struct Contingency::State {
    MapPair maps;
    std::vector<Word> ignored[2];
    Call call;
    CountedBatch counted;

    std::vector<std::int64_t> count_items(const std::vector<std::int64_t>& pending,
                                          std::uint32_t capacity);
};

// Counts the pending items in tables of this capacity, and returns those that do not fit.
std::vector<std::int64_t> Contingency::State::count_items(const std::vector<std::int64_t>& pending,
                                                          std::uint32_t capacity) {
    const std::uint64_t rows = pending.size();
    std::uint64_t slots, entries;
    if (__builtin_mul_overflow(rows, std::uint64_t{capacity} + 1, &slots)) throw std::bad_alloc();
    entries = rows * (capacity / 2);

    Workspace workspace;
    const auto pair_slots = workspace.reserve<Word>(slots);
    const auto gt_slots = workspace.reserve<Word>(slots);
    const auto pred_slots = workspace.reserve<Word>(slots);
    const auto counts = workspace.reserve<Word>(slots);
    const auto sizes = workspace.reserve<std::uint32_t>(rows * size_fields);
    const std::size_t cleared = workspace.size();
    const auto pair_list = workspace.reserve<Word>(entries);
    const auto gt_list = workspace.reserve<Word>(entries);
    const auto pred_list = workspace.reserve<Word>(entries);
    const auto slots_of_pairs = workspace.reserve<std::uint32_t>(entries);
    const bool all = rows == counted.items.size();
    const auto item_of_row = workspace.reserve<std::int64_t>(all ? 0 : rows);
    const Workspace::Piece<Word> ignored_ids[2] = {workspace.reserve<Word>(ignored[0].size()),
                                                   workspace.reserve<Word>(ignored[1].size())};
    workspace.allocate(call);

    CountArguments arguments{};
    arguments.maps = maps;
    arguments.rows = static_cast<std::int64_t>(rows);
    arguments.tables = {capacity,
                        maps.wide(),
                        workspace.at(pair_slots),
                        {workspace.at(gt_slots), workspace.at(pred_slots)},
                        workspace.at(counts),
                        workspace.at(sizes),
                        workspace.at(pair_list),
                        {workspace.at(gt_list), workspace.at(pred_list)},
                        workspace.at(slots_of_pairs)};
    const auto upload = [&](void* to, const void* from, std::size_t bytes) {
        PF_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, call.stream));
    };
    if (!all) {
        arguments.items = workspace.at(item_of_row);
        upload(workspace.at(item_of_row), pending.data(), rows * sizeof(std::int64_t));
    }
    for (int side = 0; side < 2; ++side) {
        const std::vector<Word>& ids = ignored[side];
        IgnoredIds& few = arguments.ignored[side];
        few.size = static_cast<std::int64_t>(ids.size());
        if (ids.size() <= IgnoredIds::most_few) {
            std::copy(ids.begin(), ids.end(), few.few);
        } else {
            few.many = workspace.at(ignored_ids[side]);
            upload(workspace.at(ignored_ids[side]), ids.data(), ids.size() * sizeof(Word));
        }
    }
    // The tables to be cleared come first.
    PF_CUDA(cudaMemsetAsync(workspace.at(pair_slots), 0, cleared, call.stream));
    count_pairs(arguments, call.stream);
    if (all)
        counted.first = arguments.tables;
    else
        copy_sizes(arguments, counted.first.sizes, call.stream);

    std::vector<std::uint32_t> found(rows * size_fields);
    PF_CUDA(cudaMemcpyAsync(found.data(), arguments.tables.sizes,
                            found.size() * sizeof(std::uint32_t), cudaMemcpyDeviceToHost,
                            call.stream));
    PF_CUDA(cudaStreamSynchronize(call.stream));

    std::vector<std::int64_t> overfull;
    for (std::size_t row = 0; row < rows; ++row) {
        const std::uint32_t* const size = found.data() + row * size_fields;
        const std::uint32_t limit = capacity / 2;
        if (size[pairs_size] > limit || size[gt_side] > limit || size[pred_side] > limit) {
            overfull.push_back(pending[row]);
            continue;
        }
        counted.items[static_cast<std::size_t>(pending[row])] = {
            {size[pairs_size], size[gt_side], size[pred_side]},
            arguments.tables,
            static_cast<std::int64_t>(row)};
    }
    return overfull;
}

Contingency::Contingency(const ArrayView& gt, const ArrayView& pred,
                         const matching::ContingencyOptions& options, const Call& call)
    : state_(new State{pair_maps(gt, pred, options.batched),
                       {sortable_ids(options.ignored_gt, gt.dtype),
                        sortable_ids(options.ignored_pred, pred.dtype)},
                       call,
                       {{}, {}, {gt.dtype, pred.dtype}}}) {}

Contingency::~Contingency() = default;

std::vector<matching::ContingencySize> Contingency::count() {
    const MapPair& maps = state_->maps;
    const DeviceGuard guard(state_->call.device);
    std::vector<CountedItem>& items = state_->counted.items;
    items.assign(static_cast<std::size_t>(maps.items), {});
    if (!maps.empty()) {
        std::vector<std::int64_t> pending(items.size());
        std::iota(pending.begin(), pending.end(), std::int64_t{0});
        const std::uint64_t most = slots_for_all(maps.pixels);
        std::uint64_t capacity = slots_at_first(maps.pixels);
        pending = state_->count_items(pending, static_cast<std::uint32_t>(capacity));
        while (!pending.empty()) {
            if (capacity == most)
                throw std::length_error("gt and pred: more than 2^30 distinct pairs");
            capacity = std::min(most, capacity * growth);
            pending = state_->count_items(pending, static_cast<std::uint32_t>(capacity));
        }
    }
    std::vector<matching::ContingencySize> sizes;
    for (const CountedItem& item : items) sizes.push_back(item.size);
    return sizes;
}

void Contingency::write(const matching::ContingencyColumns& columns) const {
    if (state_->maps.empty()) return;
    const DeviceGuard guard(state_->call.device);
    write_columns(state_->counted, columns, state_->call);
}

}  // namespace panfuse::cuda

#include "cuda/matching/match.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "cuda/matching/table.cuh"
#include "cuda/support/block_count.cuh"
#include "cuda/support/ids.cuh"
#include "cuda/support/launch.h"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {

namespace {

constexpr int row_threads = tile(256, 32);
constexpr int block_threads = tile(1024, 64);
constexpr Word no_row = ~Word{0};

// What makes a table none that a Contingency could have written. Of several the host reports the
// first in this order, and the one with the smallest place.
enum class Fault : unsigned char { gt_order, pred_order, pair_order, missing_id, count };
constexpr int fault_shift = 56;

// What the kernels tell the host.
struct Found {
    Word candidates, matches;
    Word void_label[2];  // 1 + the place of id 0 among the labels; 0 for none
    Word fault;          // ~(fault << fault_shift | place), or 0
};

struct MatchArguments {
    matching::ContingencyTable table;
    matching::MatchOptions options;
    // By candidate, in any order.
    Word* rows;
    double* ious;
    std::int64_t* labels[2];  // places in the columns of labels
    Word* live[2];            // candidates of this round and of the next
    // By label.
    double* best_iou[2];
    Word* best_row[2];
    Word* match[2];  // 1 + the candidate that the label is matched in; 0 for none
    Found* found;
};

__device__ void report(const MatchArguments& arguments, Fault fault, std::int64_t place) {
    const Word code = static_cast<Word>(fault) << fault_shift | static_cast<Word>(place);
    atomicMax(&arguments.found->fault, ~code);
}

__device__ void check_order(const MatchArguments& arguments, std::int64_t i) {
    const matching::ContingencyTable& table = arguments.table;
    if (i == 0) return;
    for (int side = 0; side < 2; ++side)
        if (i < label_count(table, side) &&
            label_at(table, i - 1, side) >= label_at(table, i, side))
            report(arguments, side == gt_side ? Fault::gt_order : Fault::pred_order, i);
    if (i >= table.size.pairs) return;
    const Word gt = id_at(table, i, gt_side), before = id_at(table, i - 1, gt_side);
    if (before > gt ||
        (before == gt && id_at(table, i - 1, pred_side) >= id_at(table, i, pred_side)))
        report(arguments, Fault::pair_order, i);
}

// A thread for each row of the table and for each label.
__global__ void find_candidates(const __grid_constant__ MatchArguments arguments) {
    const matching::ContingencyTable& table = arguments.table;
    const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    check_order(arguments, row);
    if (row >= table.size.pairs) return;
    const Word gt = id_at(table, row, gt_side), pred = id_at(table, row, pred_side);
    const std::int64_t gt_label = find_label(table, gt, gt_side);
    const std::int64_t pred_label = find_label(table, pred, pred_side);
    if (gt_label < 0 || pred_label < 0)
        return report(arguments, Fault::missing_id, 2 * row + (gt_label < 0 ? 0 : 1));
    if (gt == void_id(table, gt_side) || pred == void_id(table, pred_side)) return;
    const matching::Overlap overlap =
        overlap_of(table, arguments.options.ignore_void, row, gt_label, pred_label);
    if (overlap.intersection < 1 || overlap.union_ < overlap.intersection)
        return report(arguments, Fault::count, row);
    const double iou = matching::iou(overlap);
    if (!(iou > arguments.options.iou_threshold)) return;
    const Word place = atomicAdd(&arguments.found->candidates, Word{1});
    arguments.rows[place] = static_cast<Word>(row);
    arguments.ious[place] = iou;
    arguments.labels[gt_side][place] = gt_label;
    arguments.labels[pred_side][place] = pred_label;
    arguments.live[0][place] = place;
}

// Positive doubles sort as their bits do.
__device__ void raise_to(double* best, double iou) {
    Word bits;
    std::memcpy(&bits, &iou, sizeof bits);
    atomicMax(reinterpret_cast<Word*>(best), bits);
}

// The greedy match in rounds. A candidate that is the best one left for its gt and for its pred
// segment is what the greedy order takes before any other of these two, so all such are taken at
// once; `better` being a strict order, each round takes one at least.
template <int threads>
__global__ void __launch_bounds__(threads)
    take_matches(const __grid_constant__ MatchArguments arguments) {
    PF_SHARED(Word, left);
    const matching::ContingencyTable& table = arguments.table;
    Word* live = arguments.live[0];
    Word* next = arguments.live[1];
    Word size = arguments.found->fault == 0 ? arguments.found->candidates : 0;
    while (size > 0) {
        if (threadIdx.x == 0) left = 0;
        for (Word i = threadIdx.x; i < size; i += threads) {
            for (int side = 0; side < 2; ++side) {
                const std::int64_t label = arguments.labels[side][live[i]];
                arguments.best_iou[side][label] = 0;
                arguments.best_row[side][label] = no_row;
            }
        }
        __syncthreads();
        for (Word i = threadIdx.x; i < size; i += threads)
            for (int side = 0; side < 2; ++side)
                raise_to(arguments.best_iou[side] + arguments.labels[side][live[i]],
                         arguments.ious[live[i]]);
        __syncthreads();
        for (Word i = threadIdx.x; i < size; i += threads) {
            for (int side = 0; side < 2; ++side) {
                const std::int64_t label = arguments.labels[side][live[i]];
                if (arguments.best_iou[side][label] == arguments.ious[live[i]])
                    atomicMin(arguments.best_row[side] + label, arguments.rows[live[i]]);
            }
        }
        __syncthreads();
        for (Word i = threadIdx.x; i < size; i += threads) {
            const Word row = arguments.rows[live[i]];
            const std::int64_t gt = arguments.labels[gt_side][live[i]];
            const std::int64_t pred = arguments.labels[pred_side][live[i]];
            if (arguments.best_row[gt_side][gt] != row ||
                arguments.best_row[pred_side][pred] != row)
                continue;
            arguments.match[gt_side][gt] = arguments.match[pred_side][pred] = live[i] + 1;
            atomicAdd(&arguments.found->matches, Word{1});
        }
        __syncthreads();
        for (Word i = threadIdx.x; i < size; i += threads)
            if (arguments.match[gt_side][arguments.labels[gt_side][live[i]]] == 0 &&
                arguments.match[pred_side][arguments.labels[pred_side][live[i]]] == 0)
                next[atomicAdd(&left, Word{1})] = live[i];
        __syncthreads();
        size = left;
        Word* const empty = live;
        live = next;
        next = empty;
        __syncthreads();
    }
    if (threadIdx.x < 2) {
        const int side = static_cast<int>(threadIdx.x);
        const std::int64_t label = find_label(table, void_id(table, side), side);
        const bool alone = label >= 0 && arguments.match[side][label] == 0;
        arguments.found->void_label[side] = alone ? static_cast<Word>(label + 1) : 0;
    }
}

__device__ void store_match(const MatchArguments& arguments, const matching::MatchColumns& columns,
                            std::int64_t at, Word candidate) {
    const matching::ContingencyTable& table = arguments.table;
    const auto row = static_cast<std::int64_t>(arguments.rows[candidate]);
    const matching::Overlap overlap =
        overlap_of(table, arguments.options.ignore_void, row, arguments.labels[gt_side][candidate],
                   arguments.labels[pred_side][candidate]);
    store_sortable(columns.gt_ids, at, id_at(table, row, gt_side), table.gt_dtype);
    store_sortable(columns.pred_ids, at, id_at(table, row, pred_side), table.pred_dtype);
    columns.iou[at] = matching::iou(overlap);
    columns.intersection[at] = overlap.intersection;
    columns.union_[at] = overlap.union_;
}

// Block 0 writes what follows the labels of gt, block 1 what follows those of pred. A gt segment is
// in one match at most, so matches in the order of their gt labels are in that of their rows. Which
// labels go where was settled before the columns were allocated: should the table change meanwhile,
// values do, and places do not.
template <int threads>
__global__ void __launch_bounds__(threads)
    write_kernel(const __grid_constant__ MatchArguments arguments,
                 const __grid_constant__ matching::MatchColumns columns) {
    const matching::ContingencyTable& table = arguments.table;
    const int side = static_cast<int>(blockIdx.x);
    const std::int64_t labels = label_count(table, side);
    std::int64_t matches = 0, unmatched = 0;
    for (std::int64_t start = 0; start < labels; start += threads) {
        const std::int64_t label = start + threadIdx.x;
        const bool mine = label < labels;
        const Word match = mine ? arguments.match[side][label] : 0;
        const bool alone =
            mine && match == 0 && static_cast<Word>(label + 1) != arguments.found->void_label[side];
        const BlockCount of_matches = count_flags<threads>(match != 0);
        const BlockCount of_alone = count_flags<threads>(alone);
        if (match != 0 && side == gt_side)
            store_match(arguments, columns, matches + of_matches.before, match - 1);
        if (alone)
            store_sortable(side == gt_side ? columns.unmatched_gt : columns.unmatched_pred,
                           unmatched + of_alone.before, label_at(table, label, side),
                           dtype_of(table, side));
        matches += of_matches.total;
        unmatched += of_alone.total;
    }
}

void check_column(const void* column, std::int64_t size, int bytes, const char* name) {
    if (size < 0) throw std::invalid_argument(std::string(name) + ": a size below 0");
    if (size == 0) return;
    if (column == nullptr) throw std::invalid_argument(std::string(name) + ": no data");
    if (reinterpret_cast<std::uintptr_t>(column) % static_cast<unsigned>(bytes) != 0)
        throw std::invalid_argument(std::string(name) + ": elements that are not aligned");
}

void check_table(const matching::ContingencyTable& table) {
    check_dtype(table.gt_dtype, "contingency.gt_ids");
    check_dtype(table.pred_dtype, "contingency.pred_ids");
    const matching::ContingencySize& size = table.size;
    check_column(table.gt_ids, size.pairs, table.gt_dtype.bytes, "contingency.gt_ids");
    check_column(table.pred_ids, size.pairs, table.pred_dtype.bytes, "contingency.pred_ids");
    check_column(table.counts, size.pairs, 8, "contingency.counts");
    check_column(table.gt_labels, size.gt_labels, table.gt_dtype.bytes, "contingency.gt_labels");
    check_column(table.gt_areas, size.gt_labels, 8, "contingency.gt_areas");
    check_column(table.pred_labels, size.pred_labels, table.pred_dtype.bytes,
                 "contingency.pred_labels");
    check_column(table.pred_areas, size.pred_labels, 8, "contingency.pred_areas");
}

void throw_fault(Word code) {
    const auto fault = static_cast<Fault>(code >> fault_shift);
    const Word place = code & ((Word{1} << fault_shift) - 1);
    const auto out_of_order = [&](const char* column) {
        return std::invalid_argument(std::string("contingency.") + column +
                                     ": expected ascending ids without repeats; element " +
                                     std::to_string(place) + " is out of order");
    };
    switch (fault) {
        case Fault::gt_order: throw out_of_order("gt_labels");
        case Fault::pred_order: throw out_of_order("pred_labels");
        case Fault::pair_order: throw out_of_order("gt_ids");
        case Fault::missing_id:
            throw std::invalid_argument(
                std::string(place % 2 == 0 ? "contingency.gt_labels" : "contingency.pred_labels") +
                ": the id of row " + std::to_string(place / 2) + " is missing");
        case Fault::count:
            throw std::invalid_argument("contingency.counts: element " + std::to_string(place) +
                                        " does not fit the areas of its labels");
    }
}

}  // namespace

struct Match::State {
    MatchArguments arguments;
    Call call;
};

Match::Match(const matching::ContingencyTable& table, const matching::MatchOptions& options,
             const Call& call)
    : state_(new State{{}, call}) {
    check_table(table);
    if (!(options.iou_threshold >= 0 && options.iou_threshold < 1))
        throw std::invalid_argument("iou_threshold: expected a number in [0, 1), got " +
                                    std::to_string(options.iou_threshold));
    state_->arguments.table = table;
    state_->arguments.options = options;
}

Match::~Match() = default;

matching::MatchSize Match::count() {
    MatchArguments& arguments = state_->arguments;
    const Call& call = state_->call;
    const DeviceGuard guard(call.device);
    const matching::ContingencySize& size = arguments.table.size;
    const auto rows = static_cast<std::uint64_t>(size.pairs);
    const std::uint64_t labels[2] = {static_cast<std::uint64_t>(size.gt_labels),
                                     static_cast<std::uint64_t>(size.pred_labels)};

    Workspace workspace;
    const auto found_piece = workspace.reserve<Found>(1);
    const Workspace::Piece<Word> match[2] = {workspace.reserve<Word>(labels[0]),
                                             workspace.reserve<Word>(labels[1])};
    const std::size_t cleared = workspace.size();
    const auto row_piece = workspace.reserve<Word>(rows);
    const auto iou_piece = workspace.reserve<double>(rows);
    const Workspace::Piece<std::int64_t> label_pieces[2] = {workspace.reserve<std::int64_t>(rows),
                                                            workspace.reserve<std::int64_t>(rows)};
    const Workspace::Piece<Word> live[2] = {workspace.reserve<Word>(rows),
                                            workspace.reserve<Word>(rows)};
    const Workspace::Piece<double> best_iou[2] = {workspace.reserve<double>(labels[0]),
                                                  workspace.reserve<double>(labels[1])};
    const Workspace::Piece<Word> best_row[2] = {workspace.reserve<Word>(labels[0]),
                                                workspace.reserve<Word>(labels[1])};
    workspace.allocate(call);
    arguments.found = workspace.at(found_piece);
    arguments.rows = workspace.at(row_piece);
    arguments.ious = workspace.at(iou_piece);
    for (int side = 0; side < 2; ++side) {
        arguments.match[side] = workspace.at(match[side]);
        arguments.labels[side] = workspace.at(label_pieces[side]);
        arguments.live[side] = workspace.at(live[side]);
        arguments.best_iou[side] = workspace.at(best_iou[side]);
        arguments.best_row[side] = workspace.at(best_row[side]);
    }

    // What is cleared comes first.
    PF_CUDA(cudaMemsetAsync(arguments.found, 0, cleared, call.stream));
    const std::uint64_t work = std::max({rows, labels[0], labels[1]});
    if (work > 0) {
        const std::uint64_t blocks = (work - 1) / row_threads + 1;
        if (blocks > 0x7fffffff) throw std::length_error("contingency: too many rows");
        launch(find_candidates, static_cast<unsigned>(blocks), row_threads, call.stream, arguments);
    }
    launch(take_matches<block_threads>, 1, block_threads, call.stream, arguments);
    Found found;
    PF_CUDA(cudaMemcpyAsync(&found, arguments.found, sizeof found, cudaMemcpyDeviceToHost,
                            call.stream));
    PF_CUDA(cudaStreamSynchronize(call.stream));
    if (found.fault != 0) throw_fault(~found.fault);
    const auto alone = [&](int side) {
        return static_cast<std::int64_t>(labels[side] - (found.void_label[side] != 0) -
                                         found.matches);
    };
    return {static_cast<std::int64_t>(found.matches), alone(gt_side), alone(pred_side)};
}

void Match::write(const matching::MatchColumns& columns) const {
    const MatchArguments& arguments = state_->arguments;
    if (arguments.table.size.gt_labels == 0 && arguments.table.size.pred_labels == 0) return;
    const DeviceGuard guard(state_->call.device);
    launch(write_kernel<block_threads>, 2, block_threads, state_->call.stream, arguments, columns);
}

}  // namespace panfuse::cuda

#include "matching/contingency.h"

#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "matching/pair_table.h"
#include "matching/sorted_pairs.h"
#include "runs/pair_walk.h"
#include "runs/scanner.h"
#include "support/batch.h"
#include "support/parallel.h"
#include "support/width.h"

namespace panfuse::matching {

namespace {

struct Batch {
    std::vector<ArrayView> gt, pred;  // one view an item
};

// What one thread counts: the item it is at, and the pairs of the items before.
template <class Table>
struct alignas(64) Counter {  // on cache lines of its own
    explicit Counter(std::int64_t pixels) : table(pixels) {}

    void go_to(std::size_t next) {
        if (next == item) return;
        if (item != none) done.emplace_back(item, table.take());
        item = next;
    }

    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    Table table;
    std::size_t item = none;
    std::vector<std::pair<std::size_t, Pairs<typename Table::Key>>> done;
};

// Counts every item of the batch. Threads take chunks of pixels in item order, so an item has the
// pairs of the few threads that met in it.
template <class G, class P, class Table>
std::vector<std::unique_ptr<SortedPairs>> count_batch(const Batch& batch,
                                                      const ContingencyOptions& options,
                                                      int threads) {
    using Key = typename Table::Key;
    constexpr std::int64_t most_chunk = 1 << 16;  // pixels; some 20 us of work
    const std::size_t items = batch.gt.size();
    std::vector<std::unique_ptr<SortedPairs>> results(items);
    if (items == 0) return results;
    const Dtype gt_dtype = batch.gt[0].dtype, pred_dtype = batch.pred[0].dtype;
    const runs::PairWalk walk(batch.gt[0], batch.pred[0]);
    const std::int64_t pixels = walk.size();
    const std::int64_t chunk_pixels =
        threads == 1 ? std::max<std::int64_t>(pixels, 1)
                     : std::clamp<std::int64_t>(pixels / (4 * threads), 1, most_chunk);
    const std::int64_t chunks_per_item = (pixels + chunk_pixels - 1) / chunk_pixels;
    const std::int64_t chunks = chunks_per_item * static_cast<std::int64_t>(items);
    const auto joint_starts =
        runs::scanner().joint_starts[runs::width_index(sizeof(G))][runs::width_index(sizeof(P))];

    std::vector<Counter<Table>> counters;  // made here: a new thread's first allocations are slow
    for (std::int64_t i = 0; i < std::min<std::int64_t>(threads, chunks); ++i)
        counters.emplace_back(pixels);
    run_chunks(threads, chunks, [&](int thread, std::int64_t chunk) {
        Counter<Table>& counter = counters[static_cast<std::size_t>(thread)];
        const auto item = static_cast<std::size_t>(chunk / chunks_per_item);
        const std::int64_t begin = chunk % chunks_per_item * chunk_pixels;
        counter.go_to(item);
        walk.visit(batch.gt[item].data, batch.pred[item].data, begin,
                   std::min(begin + chunk_pixels, pixels),
                   [&](const void* a, const void* b, std::size_t n) {
                       std::uint16_t starts[runs::stretch_pixels + runs::starts_slack];
                       const std::size_t runs = joint_starts(a, b, n, starts);
                       starts[runs] = static_cast<std::uint16_t>(n);
                       counter.table.add_runs(static_cast<const G*>(a), static_cast<const P*>(b),
                                              starts, runs);
                   });
    });

    std::vector<Pairs<Key>> counted(items);
    for (Counter<Table>& counter : counters) {
        counter.go_to(Counter<Table>::none);
        for (auto& [item, pairs] : counter.done) {
            if (counted[item].empty())
                counted[item] = std::move(pairs);
            else
                counted[item].insert(counted[item].end(), pairs.begin(), pairs.end());
        }
    }
    run_chunks(threads, static_cast<std::int64_t>(items), [&](int, std::int64_t item) {
        const auto i = static_cast<std::size_t>(item);
        results[i] = std::make_unique<SortedPairsOf<Key>>(std::move(counted[i]), gt_dtype,
                                                          pred_dtype, options);
    });
    return results;
}

template <class G, class P>
using TableFor = std::conditional_t<sizeof(G) == 1 && sizeof(P) == 1, DenseTable,
                                    std::conditional_t<(sizeof(G) <= 4 && sizeof(P) <= 4),
                                                       HashTable<NarrowKey>, HashTable<WideKey>>>;

void check(const ArrayView& gt, const ArrayView& pred, bool batched, int threads) {
    if (gt.rank != pred.rank ||
        !std::equal(gt.shape.begin(), gt.shape.begin() + gt.rank, pred.shape.begin()))
        throw std::invalid_argument("gt and pred must have one shape");
    if (batched && gt.rank == 0)
        throw std::invalid_argument("batched=True needs a leading axis, but gt has no axes");
    if (threads < 1) throw std::invalid_argument("threads must be at least 1");
}

// In pixels of two 32-bit maps: what a map costs goes with its bytes.
std::int64_t work(const ArrayView& gt, const ArrayView& pred) {
    return gt.size() / 8 * (gt.dtype.bytes + pred.dtype.bytes);
}

}  // namespace

Contingency::Contingency(const ArrayView& gt, const ArrayView& pred, ContingencyOptions options,
                         std::optional<int> threads)
    : gt_(gt),
      pred_(pred),
      options_(std::move(options)),
      threads_(choose_threads(threads, work(gt, pred))) {
    check(gt_, pred_, options_.batched, threads_);
}

Contingency::~Contingency() = default;

std::vector<ContingencySize> Contingency::count() {
    const Batch batch{items_of(gt_, options_.batched), items_of(pred_, options_.batched)};
    items_ = with_width(gt_.dtype.bytes, [&](auto g) {
        return with_width(pred_.dtype.bytes, [&](auto p) {
            using G = decltype(g);
            using P = decltype(p);
            return count_batch<G, P, TableFor<G, P>>(batch, options_, threads_);
        });
    });
    std::vector<ContingencySize> sizes;
    for (const auto& item : items_) sizes.push_back(item->size());
    return sizes;
}

void Contingency::write(const ContingencyColumns& columns) const {
    ContingencyColumns rest = columns;
    for (const auto& item : items_) {
        item->write(rest);
        rest = after(rest, item->size(), gt_.dtype, pred_.dtype);
    }
}

}  // namespace panfuse::matching

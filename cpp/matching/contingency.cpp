#include "matching/contingency.h"

#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "matching/pair_table.h"
#include "matching/sorted_pairs.h"
#include "runs/pair_walk.h"
#include "runs/scanner.h"
#include "support/parallel.h"

namespace panfuse::matching {

namespace {

struct Batch {
    std::vector<ArrayView> gt, pred;  // one view an item
};

Batch split(const ArrayView& gt, const ArrayView& pred, bool batched) {
    if (!batched) return {{gt}, {pred}};
    const auto items_of = [](const ArrayView& whole) {
        ArrayView item = whole;
        --item.rank;
        std::copy(whole.shape.begin() + 1, whole.shape.end(), item.shape.begin());
        std::copy(whole.strides.begin() + 1, whole.strides.end(), item.strides.begin());
        std::vector<ArrayView> items;
        for (std::int64_t b = 0; b < whole.shape[0]; ++b, items.push_back(item))
            item.data = static_cast<const char*>(whole.data) + b * whole.strides[0];
        return items;
    };
    return {items_of(gt), items_of(pred)};
}

// Counts every item of the batch. A thread takes an equal share of all pixels, in item order, so
// that an item has the pairs of one thread, or of a few where shares meet.
template <class G, class P, class Table>
std::vector<std::unique_ptr<SortedPairs>> count_batch(const Batch& batch,
                                                      const ContingencyOptions& options,
                                                      int threads) {
    using Key = typename Table::Key;
    const std::size_t items = batch.gt.size();
    std::vector<std::unique_ptr<SortedPairs>> results(items);
    if (items == 0) return results;
    const ArrayView &gt = batch.gt[0], &pred = batch.pred[0];
    const runs::PairWalk walk(gt, pred);
    const std::int64_t pixels = walk.size();
    const std::int64_t total = pixels * static_cast<std::int64_t>(items);
    const runs::Scanner& scanner = runs::scanner();
    const auto joint_starts =
        scanner.joint_starts[runs::width_index(sizeof(G))][runs::width_index(sizeof(P))];

    std::vector<Table> tables;  // made here: a new thread's first allocations are slow
    for (int i = 0; i < threads; ++i) tables.emplace_back(std::min(pixels, total / threads + 1));
    std::vector<std::vector<Pairs<Key>>> parts(static_cast<std::size_t>(threads));
    run_threads(threads, [&](int thread) {
        const auto share = [&](int index) {
            return total / threads * index + std::min<std::int64_t>(total % threads, index);
        };
        const std::int64_t begin = share(thread), end = share(thread + 1);
        auto& part = parts[static_cast<std::size_t>(thread)];
        part.resize(items);
        if (begin == end) return;
        Table& table = tables[static_cast<std::size_t>(thread)];
        for (std::int64_t item = begin / pixels; item * pixels < end; ++item) {
            const auto i = static_cast<std::size_t>(item);
            const std::int64_t first = item * pixels;
            walk.visit(batch.gt[i].data, batch.pred[i].data,
                       std::max<std::int64_t>(begin - first, 0), std::min(end - first, pixels),
                       [&](const void* a, const void* b, std::size_t n) {
                           std::uint16_t starts[runs::stretch_pixels + runs::starts_slack];
                           const std::size_t runs = joint_starts(a, b, n, starts);
                           starts[runs] = static_cast<std::uint16_t>(n);
                           table.add_runs(static_cast<const G*>(a), static_cast<const P*>(b),
                                          starts, runs);
                       });
            part[i] = table.take();
        }
    });

    run_threads(std::min(threads, static_cast<int>(std::min<std::size_t>(items, 1024))),
                [&](int thread) {
                    const auto step = static_cast<std::size_t>(
                        std::min(threads, static_cast<int>(std::min<std::size_t>(items, 1024))));
                    for (std::size_t i = static_cast<std::size_t>(thread); i < items; i += step) {
                        Pairs<Key> pairs;
                        for (auto& part : parts) {
                            if (pairs.empty())
                                pairs = std::move(part[i]);
                            else
                                pairs.insert(pairs.end(), part[i].begin(), part[i].end());
                        }
                        results[i] = std::make_unique<SortedPairsOf<Key>>(
                            std::move(pairs), gt.dtype, pred.dtype, options);
                    }
                });
    return results;
}

template <class G, class P>
using TableFor = std::conditional_t<sizeof(G) == 1 && sizeof(P) == 1, DenseTable,
                                    std::conditional_t<(sizeof(G) <= 4 && sizeof(P) <= 4),
                                                       HashTable<NarrowKey>, HashTable<WideKey>>>;

// Calls body with a value of the unsigned type of that many bytes.
template <class Body>
auto with_width(std::size_t bytes, Body&& body) {
    switch (bytes) {
        case 1: return body(std::uint8_t{});
        case 2: return body(std::uint16_t{});
        case 4: return body(std::uint32_t{});
        default: return body(std::uint64_t{});
    }
}

void check(const ArrayView& gt, const ArrayView& pred, bool batched, int threads) {
    if (gt.rank != pred.rank ||
        !std::equal(gt.shape.begin(), gt.shape.begin() + gt.rank, pred.shape.begin()))
        throw std::invalid_argument("gt and pred must have one shape");
    if (batched && gt.rank == 0)
        throw std::invalid_argument("batched=True needs a leading axis, but gt has no axes");
    if (threads < 1) throw std::invalid_argument("threads must be at least 1");
}

}  // namespace

Contingency::Contingency(const ArrayView& gt, const ArrayView& pred, ContingencyOptions options,
                         std::optional<int> threads)
    : gt_(gt),
      pred_(pred),
      options_(std::move(options)),
      threads_(choose_threads(threads, gt.size())) {
    check(gt_, pred_, options_.batched, threads_);
}

Contingency::~Contingency() = default;

std::vector<ContingencySize> Contingency::count() {
    const Batch batch = split(gt_, pred_, options_.batched);
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

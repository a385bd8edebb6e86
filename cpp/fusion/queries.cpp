#include "fusion/queries.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include "fusion/query_kernels.h"
#include "fusion/query_tiles.h"
#include "support/buffer.h"
#include "support/parallel.h"

namespace panfuse::fusion {
namespace {

constexpr std::int64_t most_kept = 32767;

[[noreturn]] void fail(const std::string& what) { throw std::invalid_argument(what); }

void check(const ArrayView& masks, const ArrayView& scores, const QueryClasses& classes,
           const QueryRules& rules) {
    if (masks.rank != 3)
        fail("mask_logits: expected the shape (Q, h, w), got " + std::to_string(masks.rank) +
             " axes");
    if (scores.rank != 2)
        fail("class_logits: expected the shape (Q, C), got " + std::to_string(scores.rank) +
             " axes");
    if (masks.shape[0] != scores.shape[0])
        fail("class_logits: expected one row for each of " + std::to_string(masks.shape[0]) +
             " queries, got " + std::to_string(scores.shape[0]));
    const auto needed = static_cast<std::int64_t>(classes.categories.size()) +
                        (rules.score == QueryScore::softmax ? 1 : 0);
    if (scores.shape[1] != needed)
        fail("class_logits: expected " + std::to_string(needed) + " channels, got " +
             std::to_string(scores.shape[1]));
}

template <class Code>
std::vector<QueryPart> run(const QueryScene& scene, int threads, Code* codes) {
    std::vector<std::unique_ptr<QueryTiles>> workers(static_cast<std::size_t>(threads));
    const std::int64_t strips = (scene.height + scene.tile_height - 1) / scene.tile_height;
    run_chunks(threads, strips, [&](int thread, std::int64_t strip) {
        auto& worker = workers[static_cast<std::size_t>(thread)];
        if (worker == nullptr) worker = std::make_unique<QueryTiles>(scene);
        worker->work(strip, codes);
    });
    std::vector<QueryPart> parts(scene.kept.size());
    for (const auto& worker : workers)
        if (worker != nullptr)
            for (std::size_t k = 0; k < parts.size(); ++k) parts[k].add(worker->parts()[k]);
    return parts;
}

template <class Remap, class Code>
void remap(const QueryScene& scene, int threads, Remap kernel, const Code* codes,
           const std::vector<std::int32_t>& table, std::int32_t* ids) {
    constexpr std::int64_t rows_of_chunk = 32;
    const auto width = static_cast<std::size_t>(scene.width);
    run_chunks(threads, (scene.height + rows_of_chunk - 1) / rows_of_chunk,
               [&](int, std::int64_t chunk) {
                   const std::int64_t stop = std::min(scene.height, (chunk + 1) * rows_of_chunk);
                   for (std::int64_t y = chunk * rows_of_chunk; y < stop; ++y)
                       kernel(codes + static_cast<std::size_t>(y) * scene.stride, width,
                              table.data(), ids + static_cast<std::size_t>(y) * width);
               });
}

// What codes become. Of 8 bits they all have an entry.
std::vector<std::int32_t> ids_by_code(const QueryDecisions& decisions, const QueryRules& rules) {
    std::vector<std::int32_t> table(std::max<std::size_t>(2 * decisions.row.size(), 256), 0);
    for (std::size_t k = 0; k < decisions.row.size(); ++k) {
        table[2 * k + 1] = decisions.row[k] + 1;
        if (!rules.write_foreground) table[2 * k] = decisions.row[k] + 1;
    }
    return table;
}

template <class Code, class Remap>
QueryDecisions fuse(const QueryScene& scene, std::int64_t queries, const QueryClasses& classes,
                    int threads, Remap kernel, std::int32_t* ids) {
    Buffer<Code> buffer;
    Code* const codes = buffer.reserve(static_cast<std::size_t>(scene.height) * scene.stride);
    const std::vector<QueryPart> parts = run(scene, threads, codes);
    QueryDecisions decisions = decide(scene.kept, parts, queries, classes, scene.rules);
    remap(scene, threads, kernel, codes, ids_by_code(decisions, scene.rules), ids);
    return decisions;
}

}  // namespace

QueryDecisions fuse_queries(const ArrayView& mask_logits, const ArrayView& class_logits,
                            const std::vector<ResizeStep>& steps, const QueryClasses& classes,
                            const QueryRules& rules, int threads, std::int32_t* ids,
                            std::vector<Query>& kept) {
    check(mask_logits, class_logits, classes, rules);
    const std::int64_t queries = mask_logits.shape[0];
    const std::int64_t pixels = steps.back().cropped_height * steps.back().cropped_width;
    if (class_logits.shape[1] > 0) kept = keep_queries(class_logits, rules);
    if (pixels == 0 || kept.empty()) {
        std::fill_n(ids, pixels, 0);
        return decide(kept, std::vector<QueryPart>(kept.size()), queries, classes, rules);
    }
    if (mask_logits.shape[1] == 0 || mask_logits.shape[2] == 0)
        fail("mask_logits: expected masks of 1 pixel or more, got " +
             std::to_string(mask_logits.shape[1]) + " x " + std::to_string(mask_logits.shape[2]));
    if (static_cast<std::int64_t>(kept.size()) > most_kept)
        fail("class_logits: expected at most " + std::to_string(most_kept) +
             " queries of enough score, got " + std::to_string(kept.size()));
    const QueryScene scene(mask_logits, steps, kept, rules);
    if (scene.wide)
        return fuse<std::uint16_t>(scene, queries, classes, threads, query_kernels().remap16, ids);
    return fuse<std::uint8_t>(scene, queries, classes, threads, query_kernels().remap8, ids);
}

}  // namespace panfuse::fusion

// The pass over the output: every pixel's winner among the kept queries, and what each won.
//
// The output is worked through in tiles. Resizing is convex and the sigmoid monotone, so that the
// least and greatest logits among those that a tile is made of bound a query's weight in it; most
// queries cannot win anywhere in most tiles by that, and are not sampled. What is sampled is
// computed step by step as the chain says, so that rounding is that of the whole image.
#pragma once

#include <cstdint>
#include <vector>

#include "fusion/float_planes.h"
#include "fusion/query_chain.h"
#include "fusion/query_decisions.h"
#include "fusion/query_kernels.h"
#include "fusion/query_rules.h"
#include "fusion/query_scores.h"
#include "support/buffer.h"

namespace panfuse::fusion {

// What all threads read.
struct QueryScene {
    QueryScene(const ArrayView& mask_logits, const std::vector<ResizeStep>& steps,
               std::vector<Query> kept, const QueryRules& rules);

    std::int64_t height, width;  // of the output
    std::size_t stride;          // of rows of codes
    bool wide;                   // whether codes need 16 bits
    FloatPlanes planes;
    std::vector<Query> kept;
    std::vector<float> scores, logs;  // and the scores' logarithms
    QueryRules rules;
    QueryThreshold threshold;
    Chain full, brief;  // `brief` lacks stages that do nothing to finite numbers
    std::int64_t tile_height;
    std::vector<std::vector<StageColumns>> tiles;  // by tile of a strip: of `brief`
    std::vector<Span> sources;                     // by tile: the columns that `full` needs
};

// One thread's share of the pass.
class QueryTiles {
  public:
    explicit QueryTiles(const QueryScene& scene);

    // Writes the codes of a strip of tiles: of rows tile_height * strip and on.
    template <class Code>
    void work(std::int64_t strip, Code* codes);

    const std::vector<QueryPart>& parts() const { return parts_; }

  private:
    struct Tile {
        std::int64_t top, left;
        std::size_t height, width;
        bool careful;
    };

    void find_bounds(Span rows);
    void bound_weights(std::size_t tile);
    void choose(bool careful);
    void sample(std::size_t query, const std::vector<StageRows>& rows,
                const std::vector<StageColumns>& columns, const Chain& chain, float* lines);
    void sample_all(const Tile& tile, const std::vector<StageRows>& rows,
                    const std::vector<StageColumns>& columns, const Chain& chain);
    template <class Code>
    void fill(const Tile& tile, Code* codes);
    template <class Code>
    void count(const Tile& tile, const Code* codes);

    const QueryScene& scene_;
    const QueryKernels& kernels_;
    const ResampleKernels& resample_;
    std::vector<QueryPart> parts_;
    std::size_t strip_tiles_;
    // By tile and query: bounds of the logits; of one tile, of their probabilities.
    std::vector<float> least_, greatest_, low_, high_, doubt_;
    std::vector<std::uint8_t> doubtful_;
    Buffer<float> probable_;
    float *least_probable_ = nullptr, *greatest_probable_ = nullptr;
    // Of one tile: queries that may win it, those whose foreground must be counted.
    std::vector<std::uint16_t> rivals_, counted_, sampled_;
    std::vector<std::uint8_t> is_rival_, is_counted_;
    std::vector<std::vector<float>> lines_;  // by query: where it is sampled
    std::vector<const float*> rival_lines_;
    std::vector<float> rival_scores_, rival_logs_;
    // Of one query: the rows of a stage's input, stretched, and its output; copies of the source.
    std::vector<const float*> rows_, row_pointers_;
    Buffer<float> stretched_, mixed_[2], copies_;
    std::vector<StageRows> row_plan_;
};

}  // namespace panfuse::fusion

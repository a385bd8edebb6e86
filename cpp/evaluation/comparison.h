// Many images at once, on several threads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/outcomes.h"
#include "evaluation/protocol.h"
#include "evaluation/segments.h"

namespace panfuse::evaluation {

// The listed segments of several images, one image after another.
struct ListedColumns {
    std::span<const std::int64_t> offsets;  // image i has rows [offsets[i], offsets[i + 1])
    Listed all;

    std::size_t images() const { return offsets.size() - 1; }
    Listed of(std::size_t image) const;
};

// std::invalid_argument, which names `side`, unless the columns fit together.
void check(const ListedColumns& columns, std::size_t images, const std::string& side);

struct ComparisonOptions {
    Protocol protocol = Protocol::coco;
    std::vector<std::int64_t> category_ids;  // the known ones, in any order
    std::optional<int> threads;
    std::uint64_t most_pixels = 0;  // of a file
    // Called on the calling thread every now and then, with how many images are done; may throw,
    // which ends the comparison.
    std::function<void(std::int64_t)> progress;
};

// The judgements of all images, in their order: outcomes[i] and notes[i] belong to the image that
// outcome_images[i] and note_images[i] say.
struct Comparison {
    Judgement all;
    std::vector<std::int64_t> outcome_images, note_images;
};

// Judges images whose pairs are counted already. FormatError as from Judge.
Comparison compare_images(std::span<const Image> images, ComparisonOptions options);

// The listed segments of both sides, which outlive the comparison.
struct Listing {
    ListedColumns gt, pred;
};

// Counts and judges pairs of files. An image fails with a FormatError or FileError; of several the
// one of the first image is thrown. `listing` is called once, on one of the threads, while the
// others count already; what it throws ends the comparison.
Comparison compare_files(std::span<const std::string> names, std::span<const std::string> gt_files,
                         std::span<const std::string> pred_files,
                         const std::function<Listing()>& listing, ComparisonOptions options);

}  // namespace panfuse::evaluation

#include "labeling/batch.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "labeling/pixels.h"
#include "support/parallel.h"

namespace panfuse::labeling {
namespace {

// Strips of an image: a few for each thread, since one that starts late does less.
std::int64_t strips_of(std::size_t images, int threads) {
    constexpr std::int64_t strips_per_thread = 4;
    if (threads == 1) return 1;
    const std::int64_t wanted = strips_per_thread * threads;
    const auto count = static_cast<std::int64_t>(images);
    return (wanted + count - 1) / count;
}

struct Chunk {
    std::size_t image, strip;
};

std::vector<Chunk> chunks_of(const std::vector<Regions>& regions) {
    std::vector<Chunk> chunks;
    for (std::size_t image = 0; image < regions.size(); ++image)
        for (std::size_t strip = 0; strip < regions[image].strips(); ++strip)
            chunks.push_back({image, strip});
    return chunks;
}

}  // namespace

void check(const ArrayView& images, const LabelOptions& options, int threads) {
    const int rank = image_rank(images, options);
    if (rank < 1 || rank > 3)
        throw std::invalid_argument("image: expected 1 to 3 axes" +
                                    std::string(options.batched ? " after the first" : "") +
                                    ", got " + std::to_string(rank));
    if (options.steps < 1 || options.steps > rank)
        throw std::invalid_argument("steps: expected 1 to the image's rank, got " +
                                    std::to_string(options.steps));
    if (threads < 1) throw std::invalid_argument("threads must be at least 1");
}

std::vector<Regions> find_regions(const std::vector<ArrayView>& images, const LabelOptions& options,
                                  bool statistics, int threads) {
    std::vector<Regions> regions;
    regions.reserve(images.size());
    const Meaning meaning{options.background, options.binary};
    for (const ArrayView& image : images)
        regions.emplace_back([&] { return std::make_unique<Pixels>(image, meaning); },
                             shape_of(image), options.steps, statistics,
                             strips_of(images.size(), threads));
    const std::vector<Chunk> chunks = chunks_of(regions);
    run_chunks(threads, static_cast<std::int64_t>(chunks.size()), [&](int, std::int64_t chunk) {
        const auto [image, strip] = chunks[static_cast<std::size_t>(chunk)];
        regions[image].sweep(strip);
    });
    run_chunks(threads, static_cast<std::int64_t>(regions.size()), [&](int, std::int64_t image) {
        regions[static_cast<std::size_t>(image)].resolve();
    });
    return regions;
}

void fill(const std::vector<Regions>& regions, void* labels, std::size_t label_bytes, int threads) {
    const std::vector<Chunk> chunks = chunks_of(regions);
    run_chunks(threads, static_cast<std::int64_t>(chunks.size()), [&](int, std::int64_t chunk) {
        const auto [image, strip] = chunks[static_cast<std::size_t>(chunk)];
        const std::size_t pixels = static_cast<std::size_t>(regions[image].shape().pixels());
        regions[image].fill(strip, label_bytes,
                            static_cast<std::byte*>(labels) + image * pixels * label_bytes);
    });
}

}  // namespace panfuse::labeling

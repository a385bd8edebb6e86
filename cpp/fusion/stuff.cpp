#include "fusion/stuff.h"

#include <algorithm>
#include <bit>
#include <memory>

#include "runs/scanner.h"
#include "support/parallel.h"

namespace panfuse::fusion {
namespace {

// One thread's part of the walk.
class Walk {
  public:
    Walk(const Semantic& semantic, ImageSize size)
        : width_(size.width),
          rows_(semantic.rows()),
          sums_(semantic.values().size()),
          changes_(runs::words(static_cast<std::size_t>(size.width))),
          free_(changes_.size()) {}

    void row(std::int64_t y, const std::uint64_t* taken, std::int32_t* ids) {
        const std::uint16_t* const classes = rows_->row(y);
        runs::scanner().changes[1](classes, static_cast<std::size_t>(width_), changes_.data());
        changes_[0] &= ~std::uint64_t{1};
        std::int64_t begin = 0;
        for (std::size_t word = 0; word < changes_.size(); ++word)
            for (std::uint64_t left = changes_[word]; left != 0; left &= left - 1) {
                const std::int64_t end =
                    64 * static_cast<std::int64_t>(word) + std::countr_zero(left);
                run(y, begin, end, classes[begin], taken, ids);
                begin = end;
            }
        run(y, begin, width_, classes[begin], taken, ids);
    }

    const std::vector<ClassPixels>& sums() const { return sums_; }

  private:
    void run(std::int64_t y, std::int64_t begin, std::int64_t end, std::uint16_t klass,
             const std::uint64_t* taken, std::int32_t* ids) {
        ClassPixels& sum = sums_[klass];
        sum.all += end - begin;
        const std::int32_t mark = -1 - std::int32_t{klass};
        std::int64_t pixels = 0, left = -1, right = 0;
        const std::int64_t first = begin / 64, last = (end - 1) / 64;
        for (std::int64_t word = first; word <= last; ++word) {
            std::uint64_t bits = ~taken[word];
            if (word == first) bits &= ~std::uint64_t{0} << begin % 64;
            if (word == last) bits &= ~std::uint64_t{0} >> (63 - (end - 1) % 64);
            free_[static_cast<std::size_t>(word - first)] = bits;
            if (bits == 0) continue;
            pixels += std::popcount(bits);
            if (left < 0) left = 64 * word + std::countr_zero(bits);
            right = 64 * word + 64 - std::countl_zero(bits);
        }
        if (pixels == 0) return;
        sum.free.add(y, left, right, pixels);
        if (pixels == end - begin)
            std::fill(ids + begin, ids + end, mark);
        else
            mask_kernels().paint(free_.data(), static_cast<std::size_t>(last - first + 1), mark,
                                 ids + 64 * first);
    }

    std::int64_t width_;
    std::unique_ptr<ClassRows> rows_;
    std::vector<ClassPixels> sums_;
    std::vector<std::uint64_t> changes_, free_;
};

}  // namespace

std::vector<ClassPixels> mark_classes(const Semantic& semantic, const Overlay& overlay,
                                      ImageSize size, int threads, std::int32_t* ids) {
    std::vector<ClassPixels> sums(semantic.values().size());
    if (size.height == 0 || size.width == 0) return sums;
    std::vector<std::unique_ptr<Walk>> walks(static_cast<std::size_t>(threads));
    run_chunks(threads, (size.height + semantic_band - 1) / semantic_band,
               [&](int thread, std::int64_t band) {
                   auto& walk = walks[static_cast<std::size_t>(thread)];
                   if (walk == nullptr) walk = std::make_unique<Walk>(semantic, size);
                   const std::int64_t stop = std::min(size.height, (band + 1) * semantic_band);
                   for (std::int64_t y = band * semantic_band; y < stop; ++y)
                       walk->row(y, overlay.taken(y), ids + y * size.width);
               });
    for (const auto& walk : walks)
        for (std::size_t k = 0; walk != nullptr && k < sums.size(); ++k) {
            sums[k].free.add(walk->sums()[k].free);
            sums[k].all += walk->sums()[k].all;
        }
    return sums;
}

}  // namespace panfuse::fusion

#include "fusion/label_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_set>

#include "runs/scanner.h"
#include "support/parallel.h"
#include "support/width.h"

namespace panfuse::fusion {
namespace {

// Calls body(begin, end, code) for every stretch of equal pixels of a row.
template <class Body>
void each_run(const void* row, std::size_t n, std::size_t bytes, std::uint64_t* changes,
              Body&& body) {
    if (n == 0) return;
    runs::scanner().changes[runs::width_index(bytes)](row, n, changes);
    with_width(bytes, [&](auto zero) {
        using T = decltype(zero);
        const T* const pixels = static_cast<const T*>(row);
        std::size_t begin = 0;
        changes[0] &= ~std::uint64_t{1};
        for (std::size_t word = 0; word < runs::words(n); ++word)
            for (std::uint64_t left = changes[word]; left != 0; left &= left - 1) {
                const std::size_t end =
                    64 * word + static_cast<std::size_t>(std::countr_zero(left));
                body(begin, end, std::uint64_t{pixels[begin]});
                begin = end;
            }
        body(begin, n, std::uint64_t{pixels[begin]});
    });
}

}  // namespace

std::vector<std::uint64_t> find_values(const ArrayView& labels, int threads) {
    const auto width = static_cast<std::size_t>(labels.shape[1]);
    const std::int64_t height = labels.shape[0];
    constexpr std::int64_t rows_of_chunk = 64;
    std::vector<std::unordered_set<std::uint64_t>> found(static_cast<std::size_t>(threads));
    std::vector<std::unique_ptr<labeling::Pixels>> readers(found.size());
    run_chunks(
        threads, (height + rows_of_chunk - 1) / rows_of_chunk, [&](int thread, std::int64_t chunk) {
            const auto at = static_cast<std::size_t>(thread);
            if (readers[at] == nullptr)
                readers[at] = std::make_unique<labeling::Pixels>(labels, labeling::Meaning{});
            std::vector<std::uint64_t> changes(runs::words(width));
            std::uint64_t last = 0;
            bool any = false;
            const std::int64_t stop = std::min(height, (chunk + 1) * rows_of_chunk);
            for (std::int64_t y = chunk * rows_of_chunk; y < stop; ++y)
                each_run(readers[at]->pixels(y), width, labels.dtype.bytes, changes.data(),
                         [&](std::size_t, std::size_t, std::uint64_t code) {
                             if (any && code == last) return;
                             found[at].insert(last = code);
                             any = true;
                         });
        });
    for (std::size_t thread = 1; thread < found.size(); ++thread) found[0].merge(found[thread]);
    return {found[0].begin(), found[0].end()};
}

LabelRows::LabelRows(const ArrayView& labels, const std::vector<std::uint64_t>& codes)
    : pixels_(labels, labeling::Meaning{}),
      width_(static_cast<std::size_t>(labels.shape[1])),
      bytes_(labels.dtype.bytes),
      changes_(runs::words(width_)),
      row_(width_) {
    for (std::size_t k = 0; k < codes.size(); ++k)
        classes_.emplace(codes[k], static_cast<std::uint16_t>(k));
}

const std::uint16_t* LabelRows::row(std::int64_t y) {
    std::uint64_t last = 0;
    const std::uint16_t* known = nullptr;
    each_run(pixels_.pixels(y), width_, bytes_, changes_.data(),
             [&](std::size_t begin, std::size_t end, std::uint64_t code) {
                 if (known == nullptr || code != last) known = &classes_.at(last = code);
                 std::fill(row_.begin() + static_cast<std::ptrdiff_t>(begin),
                           row_.begin() + static_cast<std::ptrdiff_t>(end), *known);
             });
    return row_.data();
}

}  // namespace panfuse::fusion

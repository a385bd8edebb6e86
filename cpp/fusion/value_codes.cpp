#include "fusion/value_codes.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "support/parallel.h"
#include "support/width.h"

namespace panfuse::fusion {
namespace {

constexpr std::size_t small_values = 65536;

// What one thread has seen.
struct Seen {
    std::vector<std::uint8_t> small = std::vector<std::uint8_t>(small_values);
    std::unordered_set<std::uint64_t> large;
    std::unique_ptr<labeling::Pixels> pixels;

    void add(std::uint64_t bytes) {
        if (bytes < small_values)
            small[bytes] = 1;
        else
            large.insert(bytes);
    }
};

}  // namespace

std::int64_t value_of(std::uint64_t bytes, Dtype dtype) {
    if (dtype.kind == Dtype::Kind::signed_integer) {
        const int unused = 64 - 8 * dtype.bytes;
        return static_cast<std::int64_t>(bytes << unused) >> unused;
    }
    constexpr auto most = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    return static_cast<std::int64_t>(std::min(bytes, most));
}

ValueCodes::ValueCodes(const ArrayView& map, std::size_t most, const std::string& argument,
                       int threads)
    : map_(map) {
    const labeling::Shape shape = labeling::shape_of(map);
    const auto width = static_cast<std::size_t>(shape.width);
    constexpr std::int64_t rows_of_chunk = 64;
    std::vector<Seen> seen(static_cast<std::size_t>(threads));
    const std::int64_t chunks = width == 0 ? 0 : (shape.rows() + rows_of_chunk - 1) / rows_of_chunk;
    run_chunks(threads, chunks, [&](int thread, std::int64_t chunk) {
        Seen& mine = seen[static_cast<std::size_t>(thread)];
        if (mine.pixels == nullptr)
            mine.pixels = std::make_unique<labeling::Pixels>(map, labeling::Meaning{});
        RowRuns runs(width);
        const std::int64_t stop = std::min(shape.rows(), (chunk + 1) * rows_of_chunk);
        for (std::int64_t y = chunk * rows_of_chunk; y < stop; ++y) {
            const void* const pixels = mine.pixels->pixels(y);
            with_width(map.dtype.bytes, [&](auto zero) {
                const auto* const row = static_cast<const decltype(zero)*>(pixels);
                if (runs.are_short(row, width))
                    for (std::size_t x = 0; x < width; ++x) mine.add(row[x]);
                else
                    runs.each_found(width, [&](std::size_t x, std::size_t) { mine.add(row[x]); });
            });
        }
    });
    std::vector<std::pair<std::int64_t, std::uint64_t>> found;
    std::unordered_set<std::uint64_t> large;
    for (const Seen& mine : seen) large.insert(mine.large.begin(), mine.large.end());
    std::uint64_t greatest_small = 0;
    for (std::uint64_t bytes = 0; bytes < small_values; ++bytes)
        if (std::any_of(seen.begin(), seen.end(),
                        [&](const Seen& mine) { return mine.small[bytes] != 0; })) {
            found.emplace_back(value_of(bytes, map.dtype), bytes);
            greatest_small = bytes;
        }
    for (const std::uint64_t bytes : large) found.emplace_back(value_of(bytes, map.dtype), bytes);
    if (found.size() > most)
        throw std::invalid_argument(argument + ": expected at most " + std::to_string(most) +
                                    " different values, got " + std::to_string(found.size()));
    std::sort(found.begin(), found.end());
    small_.resize(greatest_small + 1);
    for (const auto& [value, bytes] : found) {
        const auto code = static_cast<std::uint16_t>(values_.size());
        if (bytes < small_.size())
            small_[bytes] = code;
        else
            large_.emplace(bytes, code);
        values_.push_back(value);
    }
}

CodeRows::CodeRows(const ValueCodes& codes)
    : codes_(codes),
      pixels_(codes.map(), labeling::Meaning{}),
      width_(static_cast<std::size_t>(labeling::shape_of(codes.map()).width)),
      runs_(width_),
      row_(width_) {}

const std::uint16_t* CodeRows::row(std::int64_t row) {
    const void* const pixels = pixels_.pixels(row);
    with_width(codes_.map().dtype.bytes, [&](auto zero) {
        const auto* const from = static_cast<const decltype(zero)*>(pixels);
        if (runs_.are_short(from, width_))
            for (std::size_t x = 0; x < width_; ++x) row_[x] = codes_.code(from[x]);
        else
            runs_.each_found(width_, [&](std::size_t begin, std::size_t end) {
                std::fill(row_.data() + begin, row_.data() + end, codes_.code(from[begin]));
            });
    });
    return row_.data();
}

}  // namespace panfuse::fusion

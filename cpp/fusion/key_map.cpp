#include "fusion/key_map.h"

#include <algorithm>

#include "fusion/row_runs.h"
#include "support/parallel.h"

namespace panfuse::fusion {
namespace {

std::int64_t bands(const labeling::Shape& shape) {
    return shape.width == 0 ? 0 : (shape.rows() + band_rows - 1) / band_rows;
}

}  // namespace

void count_keys(Key* pixels, const labeling::Shape& shape, int threads, const WriteKeys& write,
                const AddWeight& add_weight, CellTable& table) {
    const auto width = static_cast<std::size_t>(shape.width);
    std::vector<CellTable> tables(static_cast<std::size_t>(threads), table);
    run_chunks(threads, bands(shape), [&](int thread, std::int64_t band) {
        const std::int64_t begin = band * band_rows;
        const std::int64_t end = std::min(shape.rows(), begin + band_rows);
        write(thread, begin, end, pixels + begin * shape.width);
        CellTable& mine = tables[static_cast<std::size_t>(thread)];
        RowRuns runs(width);
        for (std::int64_t row = begin; row < end; ++row) {
            const Key* const keys = pixels + row * shape.width;
            const auto z = static_cast<std::uint32_t>(row / shape.height);
            const auto y = static_cast<std::uint32_t>(row % shape.height);
            runs.each(keys, width, [&](std::size_t x, std::size_t stop) {
                const std::int64_t first = row * shape.width + static_cast<std::int64_t>(x);
                Cell& cell = mine.at(keys[x], first);
                cell.add_run(static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(stop), y, z);
                if (add_weight)
                    add_weight(thread, keys[x], first, first + static_cast<std::int64_t>(stop - x),
                               cell);
            });
        }
    });
    for (const CellTable& some : tables) table.merge(some);
}

void write_ids(Key* pixels, const labeling::Shape& shape, int threads, const CellTable& table) {
    const auto width = static_cast<std::size_t>(shape.width);
    run_chunks(threads, bands(shape), [&](int, std::int64_t band) {
        RowRuns runs(width);
        const std::int64_t end = std::min(shape.rows(), (band + 1) * band_rows);
        for (std::int64_t row = band * band_rows; row < end; ++row) {
            Key* const keys = pixels + row * shape.width;
            if (runs.are_short(keys, width)) {
                table.write_ids(keys, width);
                continue;
            }
            runs.each_found(width, [&](std::size_t x, std::size_t stop) {
                std::fill(keys + x, keys + stop, static_cast<Key>(table.id(keys[x])));
            });
        }
    });
}

}  // namespace panfuse::fusion

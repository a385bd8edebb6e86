#include "fusion/group_pixels.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "fusion/foreground.h"
#include "fusion/key_map.h"
#include "support/parallel.h"

namespace panfuse::fusion {

void group_pixels(const ArrayView& offsets, const std::vector<Point>& centers,
                  const std::array<bool, 3>& circular, const std::optional<ArrayView>& foreground,
                  std::int32_t* ids, int threads) {
    if (centers.size() > most_owners)
        throw std::invalid_argument("centers: expected at most " + std::to_string(most_owners) +
                                    ", got " + std::to_string(centers.size()));
    const Grouping grouping(offsets, centers, circular);
    const labeling::Shape& shape = grouping.shape();
    if (shape.pixels() == 0) return;
    std::vector<std::optional<ForegroundRows>> readers(static_cast<std::size_t>(threads));
    Key* const keys = reinterpret_cast<Key*>(ids);
    run_chunks(threads, (shape.rows() + band_rows - 1) / band_rows,
               [&](int thread, std::int64_t band) {
                   const std::int64_t begin = band * band_rows;
                   const std::int64_t end = std::min(shape.rows(), begin + band_rows);
                   std::vector<std::uint16_t> codes(
                       static_cast<std::size_t>((end - begin) * shape.width),
                       static_cast<std::uint16_t>(foreground ? 0 : foreground_bit));
                   auto& reader = readers[static_cast<std::size_t>(thread)];
                   if (foreground && !reader) reader.emplace(*foreground);
                   for (std::int64_t row = begin; reader && row < end; ++row)
                       reader->mark(row, codes.data() + (row - begin) * shape.width);
                   Key* const rows = keys + begin * shape.width;
                   grouping.write(begin, end, codes.data(), rows);
                   for (std::size_t i = 0; i < codes.size(); ++i) rows[i] >>= owner_shift;
               });
}

}  // namespace panfuse::fusion

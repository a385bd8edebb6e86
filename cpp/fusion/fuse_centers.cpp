#include "fusion/fuse_centers.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "fusion/foreground.h"
#include "fusion/grouping.h"
#include "fusion/key_map.h"
#include "fusion/vote.h"

namespace panfuse::fusion {
namespace {

// One thread's reader of classes, with the foreground's bit.
struct Reader {
    std::unique_ptr<ClassRows> classes;
    std::optional<ForegroundRows> foreground;
    std::vector<std::uint16_t> codes;
};

std::vector<std::uint16_t> codes_of(const std::vector<Class>& classes, bool with_foreground) {
    std::vector<std::uint16_t> codes;
    for (std::size_t k = 0; k < classes.size(); ++k)
        codes.push_back(static_cast<std::uint16_t>(
            k | (with_foreground && classes[k].kind == Class::Kind::thing ? foreground_bit : 0)));
    return codes;
}

}  // namespace

Fused fuse_centers(const CenterFusion& fusion, std::int32_t* ids, int threads) {
    const Semantic semantic(fusion.semantic, fusion.size, threads);
    Election election;
    election.labels = semantic.values();
    election.classes = classes_of(election.labels, fusion.classes);
    election.rules = fusion.rules;
    if (election.classes.size() > most_classes)
        throw std::invalid_argument("semantic: expected at most " + std::to_string(most_classes) +
                                    " classes, got " + std::to_string(election.classes.size()));
    const std::vector<Center> centers = find_centers(fusion.heatmap, fusion.centers, threads);
    if (centers.size() > most_owners)
        throw std::invalid_argument("heatmap: expected at most " + std::to_string(most_owners) +
                                    " centres, got " + std::to_string(centers.size()) +
                                    "; use top_k");
    std::vector<Point> points;
    for (std::size_t i = 0; i < centers.size(); ++i) {
        points.push_back({static_cast<float>(centers[i].y), static_cast<float>(centers[i].x), 0});
        election.scores.push_back(centers[i].heat);
        election.numbers.push_back(static_cast<std::int64_t>(i) + 1);
    }
    const auto& circular = fusion.centers.circular;
    const Grouping grouping(fusion.offsets, points, {circular[0], circular[1], false});
    const std::vector<std::uint16_t> codes =
        codes_of(election.classes, !fusion.foreground.has_value());
    const auto width = static_cast<std::size_t>(grouping.shape().width);

    std::vector<Reader> readers(static_cast<std::size_t>(threads));
    const auto write = [&](int thread, std::int64_t begin, std::int64_t end, Key* rows) {
        Reader& reader = readers[static_cast<std::size_t>(thread)];
        if (reader.classes == nullptr) {
            reader.classes = semantic.rows();
            reader.codes.resize(band_rows * width);
            if (fusion.foreground) reader.foreground.emplace(*fusion.foreground);
        }
        for (std::int64_t y = begin; y < end; ++y) {
            const std::uint16_t* const classes = reader.classes->row(y);
            std::uint16_t* const to =
                reader.codes.data() + static_cast<std::size_t>(y - begin) * width;
            for (std::size_t x = 0; x < width; ++x) to[x] = codes[classes[x]];
            if (reader.foreground) reader.foreground->mark(y, to);
        }
        grouping.write(begin, end, reader.codes.data(), rows);
    };
    Key* const keys = reinterpret_cast<Key*>(ids);
    CellTable table(centers.size() + 1, election.classes.size());
    count_keys(keys, grouping.shape(), threads, write, {}, table);
    Fused fused = decide(table, election);
    write_ids(keys, grouping.shape(), threads, table);
    return fused;
}

}  // namespace panfuse::fusion

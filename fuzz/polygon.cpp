// The polygon reader: height, width, how coordinates are written, and coordinates. It refuses what
// is not finite or beyond COCO's grid, fills as a walk over every point of the outline does, and
// its masks come back from their own outlines.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "fuzz/target.h"
#include "rle/outline.h"
#include "rle/polygon.h"
#include "rle/spans.h"
#include "rle/string.h"

namespace {

using namespace panfuse::rle;
using panfuse::fuzz::require;

constexpr std::int64_t longest_walk = 1 << 15;

std::vector<std::uint32_t> plain(const Counts& counts) { return {counts.begin(), counts.end()}; }

std::vector<double> coordinates(std::span<const std::uint8_t> bytes, unsigned kind) {
    std::vector<double> xy;
    const std::size_t step = kind % 4 == 0 ? 8 : 2;
    for (std::size_t i = 0; i + step <= bytes.size(); i += step) {
        if (step == 8) {
            xy.push_back(0);
            std::memcpy(&xy.back(), &bytes[i], step);
        } else {
            const auto value = static_cast<std::int16_t>(bytes[i] << 8 | bytes[i + 1]);
            xy.push_back(value / (kind % 4 == 1 ? 5.0 : kind % 4 == 2 ? 64.0 : 300.0));
        }
    }
    xy.resize(xy.size() / 2 * 2);
    return xy;
}

bool is_sound(double value) {
    const double scaled = 5 * value + .5;
    return std::isfinite(value) && scaled > -2147483649.0 && scaled < 2147483648.0;
}

struct Point {
    std::int64_t u, v;
};

// Every point of the outline in fifths of a pixel; none if they are too many.
std::vector<Point> walk(std::span<const double> xy) {
    std::vector<Point> corners, points;
    for (std::size_t i = 0; i < xy.size(); i += 2)
        corners.push_back({static_cast<std::int64_t>(5 * xy[i] + .5),
                           static_cast<std::int64_t>(5 * xy[i + 1] + .5)});
    for (std::size_t i = 0; i < corners.size(); ++i) {
        Point a = corners[i], b = corners[(i + 1) % corners.size()];
        const std::int64_t across = std::abs(b.u - a.u), down = std::abs(b.v - a.v);
        const std::int64_t steps = std::max(across, down);
        if (static_cast<std::int64_t>(points.size()) + steps > longest_walk) return {};
        const bool along_u = across >= down;
        const bool turned = along_u ? a.u > b.u : a.v > b.v;
        if (turned) std::swap(a, b);
        const double slope = steps == 0 ? 0
                             : along_u
                                 ? static_cast<double>(b.v - a.v) / static_cast<double>(steps)
                                 : static_cast<double>(b.u - a.u) / static_cast<double>(steps);
        for (std::int64_t i_step = 0; i_step <= steps; ++i_step) {
            const std::int64_t t = turned ? steps - i_step : i_step;
            const double other = slope * static_cast<double>(t);
            if (along_u)
                points.push_back(
                    {a.u + t, static_cast<std::int64_t>(static_cast<double>(a.v) + other + .5)});
            else
                points.push_back(
                    {static_cast<std::int64_t>(static_cast<double>(a.u) + other + .5), a.v + t});
        }
    }
    return points;
}

std::vector<std::uint8_t> fill(const std::vector<Point>& points, Size size) {
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(size.pixels()) + 1, 0);
    for (std::size_t i = 1; i < points.size(); ++i) {
        const Point &before = points[i - 1], &point = points[i];
        if (point.u == before.u) continue;
        const auto left = static_cast<double>(point.u < before.u ? point.u : point.u - 1);
        const double x = (left + .5) / 5 - .5;
        if (x != std::floor(x) || x < 0 || x > static_cast<double>(size.width - 1)) continue;
        const auto upper = static_cast<double>(std::min(point.v, before.v));
        const double y =
            std::ceil(std::clamp((upper + .5) / 5 - .5, 0.0, static_cast<double>(size.height)));
        mask[static_cast<std::size_t>(static_cast<std::int64_t>(x) * size.height +
                                      static_cast<std::int64_t>(y))] ^= 1;
    }
    for (std::size_t i = 1; i < mask.size(); ++i) mask[i] ^= mask[i - 1];
    mask.pop_back();
    return mask;
}

std::vector<std::uint8_t> decode(const Counts& counts) {
    std::vector<std::uint8_t> mask;
    for (std::size_t run = 0; run < counts.size(); ++run)
        mask.insert(mask.end(), counts[run], static_cast<std::uint8_t>(run % 2));
    return mask;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const Size shape{data[0] % 64 + 1, data[1] % 64 + 1};
    const std::vector<double> xy = coordinates({data + 3, size - 3}, data[2]);
    Counts counts;
    bool taken = true;
    try {
        Filler filler(shape);
        filler.add(std::span(xy).first(xy.size() / 2 * 2));
        filler.even_odd(counts);
    } catch (const VertexError& error) {
        taken = false;
        require(error.coordinate < xy.size() && !is_sound(xy[error.coordinate]),
                "the coordinate is sound");
    }
    require(taken == std::ranges::all_of(xy, is_sound), "one coordinate is unsound");
    if (!taken) return 0;
    check_counts(counts, shape);
    const std::vector<Point> points = walk(xy);
    if (!points.empty()) require(decode(counts) == fill(points, shape), "the masks differ");

    Columns mask;
    mask.fill(counts, shape);
    Outlines outlines;
    outlines.find(mask);
    Filler filler(shape);
    outlines.visit([&](const Ring& ring) {
        std::vector<double> corners;
        for (const Corner& corner : ring)
            corners.insert(corners.end(),
                           {static_cast<double>(corner.x), static_cast<double>(corner.y)});
        filler.add(corners);
        filler.next();
        require(simplified(ring, data[2] / 32.0).size() >= 3, "too few corners are left");
    });
    Counts again;
    filler.merged(again);
    require(plain(again) == plain(counts), "its outlines make another mask");
    return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned) {
    return LLVMFuzzerMutate(data, size, most);
}

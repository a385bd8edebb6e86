#include "labeling/holes.h"

#include <memory>
#include <vector>

#include "labeling/bit_plane.h"
#include "labeling/faces.h"
#include "runs/scanner.h"

namespace panfuse::labeling {

std::size_t Complement::scan(std::int64_t row, std::uint64_t* starts, std::uint64_t* inside,
                             std::uint64_t*) {
    const BitRow bits = regions_.bits(row);
    const std::int64_t width = regions_.shape().width;
    const std::size_t words = runs::words(static_cast<std::size_t>(width));
    for (std::size_t word = 0; word < words; ++word) inside[word] = ~bits.inside[word];
    inside[words - 1] &= last_word(width);
    std::uint64_t before = 0;
    std::size_t runs = 0;
    for (std::size_t word = 0; word < words; ++word) {
        starts[word] = inside[word] & ~(inside[word] << 1 | before);
        before = inside[word] >> 63;
        for (std::uint64_t rest = starts[word]; rest != 0; rest &= rest - 1) ++runs;
    }
    return runs;
}

Regions background_of(const Regions& regions, int steps) {
    Regions background([&] { return std::make_unique<Complement>(regions); }, regions.shape(),
                       steps, true, 1);
    if (background.strips() > 0) background.sweep(0);
    background.resolve();
    return background;
}

void fill_holes(Regions& regions, int steps, int rank, std::int64_t most_area) {
    Regions background = background_of(regions, dual(steps, rank));
    // By hole: the component around it; 0 if none is known yet, or `several`.
    constexpr std::uint32_t several = ~std::uint32_t{0};
    std::vector<std::uint32_t> owners(background.count() + 1, 0);
    for (std::uint32_t hole = 1; hole <= background.count(); ++hole)
        if (!is_hole(background.sums(hole), regions.shape(), rank, most_area))
            owners[hole] = several;
    for_faces(
        regions.shape(), [&](std::int64_t row, Runs& runs) { background.runs(row, runs); },
        [&](std::int64_t row, Runs& runs) { regions.runs(row, runs); },
        [&](std::uint32_t hole, std::uint32_t component, std::uint32_t) {
            std::uint32_t& owner = owners[hole];
            owner = owner == 0 || owner == component ? component : several;
        });
    for (std::uint32_t& owner : owners)
        if (owner == several) owner = 0;
    for (std::uint32_t hole = 1; hole < owners.size(); ++hole)
        if (owners[hole] != 0) regions.add_to(owners[hole], background.sums(hole));
    Runs runs;
    for (std::int64_t row = 0; row < regions.shape().rows(); ++row) {
        background.runs(row, runs);
        for (const Run& run : runs)
            if (owners[run.label] != 0) regions.paint(row, {run.begin, run.end, owners[run.label]});
    }
}

}  // namespace panfuse::labeling

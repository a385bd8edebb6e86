// COCO's strings: a byte that says how wide the mask is, and a string. What the reader takes is
// what a slow reading of the format takes, to the same counts, on every instruction set;
// `find_faults` has nothing to say about it; written again it is the same mask; and what is done
// with masks does not depend on its runs of no pixels.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/target.h"
#include "rle/boundary.h"
#include "rle/components.h"
#include "rle/faults.h"
#include "rle/outline.h"
#include "rle/placement.h"
#include "rle/polygon.h"
#include "rle/string.h"
#include "support/isa.h"

namespace {

using namespace panfuse::rle;
namespace isa = panfuse::isa;
using panfuse::fuzz::require;

constexpr std::int64_t few_pixels = 1 << 14;

std::vector<std::uint32_t> plain(const Counts& counts) { return {counts.begin(), counts.end()}; }

std::optional<std::vector<std::int64_t>> slowly(std::string_view text) {
    std::vector<std::int64_t> counts;
    for (std::size_t i = 0; i < text.size();) {
        std::int64_t value = 0;
        unsigned group = 32;
        for (std::int64_t place = 0; (group & 32) != 0; ++place, ++i) {
            if (i == text.size() || place == 7) return std::nullopt;
            const int character = static_cast<unsigned char>(text[i]) - 48;
            if (character < 0 || character > 63) return std::nullopt;
            group = static_cast<unsigned>(character);
            value += static_cast<std::int64_t>(group & 31) << (5 * place);
            if ((group & 48) == 16) value -= std::int64_t{1} << (5 * (place + 1));
        }
        if (counts.size() > 2) value += counts[counts.size() - 2];
        if (value < 0 || value >> 32 != 0) return std::nullopt;
        counts.push_back(value);
    }
    return counts;
}

// A size that fits the sum, as wide as the byte asks for where that divides it.
Size size_for(std::uint8_t width, std::int64_t sum) {
    std::int64_t columns = std::max<std::int64_t>(width, 1);
    while (sum % columns != 0) --columns;
    if (sum / columns > longest_side) columns = 1;
    return {sum / columns, columns};
}

bool reads_here(std::string_view text, Size size, Counts& counts) {
    try {
        read_string(text, size, counts);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

// On every instruction set, which must not matter.
bool reads(std::string_view text, Size size, Counts& counts) {
    const auto levels = isa::available();
    isa::use(levels.front());
    const bool taken = reads_here(text, size, counts);
    for (const isa::Level level : std::span(levels).subspan(1)) {
        isa::use(level);
        Counts found;
        require(reads_here(text, size, found) == taken, "instruction sets disagree");
        require(!taken || std::ranges::equal(found, counts), "their counts differ");
    }
    return taken;
}

void check_shapes(const Counts& counts, Size size) {
    Columns mask;
    mask.fill(counts, size);
    Counts same, turned, back, again;
    canonical(counts, size, same);
    flip(mask, Axis::both, turned);
    mask.fill(turned, size);
    flip(mask, Axis::both, back);
    require(plain(back) == plain(same), "flipped twice it is another mask");
    mask.fill(counts, size);
    turned.clear();
    back.clear();
    transpose(mask, turned);
    mask.fill(turned, {size.width, size.height});
    transpose(mask, back);
    require(plain(back) == plain(same), "turned twice it is another mask");
    mask.fill(counts, size);
    Outlines outlines;
    outlines.find(mask);
    Filler filler(size);
    std::size_t parts = 0;
    outlines.visit([&](const Ring& ring) {
        std::vector<double> xy;
        for (const Corner& corner : ring)
            xy.insert(xy.end(), {static_cast<double>(corner.x), static_cast<double>(corner.y)});
        filler.add(xy);
        filler.next();
        ++parts;
    });
    filler.merged(again);
    require(plain(again) == plain(same), "its outlines make another mask");
    Components components;
    components.find(mask, false);
    require(components.count() == parts, "it has as many components as outlines");
    Counts band;
    boundary(mask, 1 + size.width % 3, band);
    check_counts(band, size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto expected = slowly(text);
    std::int64_t sum = 0;
    if (expected)
        for (const std::int64_t count : *expected) sum += count;
    const bool fits = expected && sum <= longest_side;
    const Size shape = fits ? size_for(data[0], sum) : Size{data[0], 7};
    Counts counts;
    const bool taken = reads(text, shape, counts);
    require(taken == (expected && sum == shape.pixels()), "the reader and the format disagree");
    require(taken == find_faults(text, shape, false).empty(), "the faults are others");
    Counts unused;
    require(!reads(text, {shape.height + 1, shape.width + 1}, unused), "another size fits as well");
    if (!taken) return 0;
    require(std::ranges::equal(counts, *expected), "the counts are others");

    Counts same, again;
    canonical(counts, shape, same);
    std::vector<char> written(string_room(same.size()));
    const std::string_view string(
        written.data(),
        static_cast<std::size_t>(write_string(same, written.data()) - written.data()));
    require(reads(string, shape, again), "what was written cannot be read");
    require(plain(again) == plain(same), "what was written reads otherwise");
    require((string == text) == find_faults(text, shape, true).empty(), "not all is canonical");
    if (sum <= few_pixels) check_shapes(counts, shape);
    return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
    std::minstd_rand random(seed);
    const std::size_t result = LLVMFuzzerMutate(data, size, most);
    // Mostly of COCO's characters.
    if (random() % 8 != 0)
        for (std::size_t i = 1; i < result; ++i)
            if (data[i] < 48 || data[i] > 111)
                data[i] = static_cast<std::uint8_t>(48 + data[i] % 64);
    return result;
}

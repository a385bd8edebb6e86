#include "fusion/fused_table.h"

#include <stdexcept>
#include <string>

namespace panfuse::fusion {
namespace {

[[noreturn]] void throw_fault(std::uint64_t word, std::int64_t capacity) {
    const auto fault = static_cast<Fault>(255 - (word >> 56));
    constexpr std::uint64_t mask = (std::uint64_t{1} << 56) - 1;
    const std::string index = std::to_string(mask - (word & mask));
    switch (fault) {
        case Fault::too_many_segments:
            throw std::overflow_error("max_segments: expected room for " + index +
                                      " segments, got " + std::to_string(capacity));
        case Fault::none: break;
    }
    throw std::logic_error("a fused table with an unknown fault");
}

}  // namespace

Fused read_table(const TableLayout& layout, const void* base) {
    const FusedColumns table = layout.columns(const_cast<void*>(base));
    if (*table.fault != 0) throw_fault(*table.fault, layout.capacity);
    if (*table.count < 0 || *table.count > layout.capacity)
        throw std::logic_error("a fused table with a count beyond its rows");
    Fused fused;
    fused.segments.resize(static_cast<std::size_t>(*table.count));
    for (std::size_t row = 0; row < fused.segments.size(); ++row) {
        Segment& segment = fused.segments[row];
        segment.category = table.category[row];
        segment.is_thing = table.is_thing[row] != 0;
        segment.is_crowd = table.is_crowd[row] != 0;
        segment.score = table.score[row];
        segment.area = table.area[row];
        const auto sides = static_cast<std::size_t>(table.sides);
        for (std::size_t side = 0; side < sides; ++side)
            segment.box[side] = table.box[row * sides + side];
        segment.source = table.source[row];
        segment.original = table.original[row];
    }
    for (std::int64_t i = 0; i < layout.decided; ++i)
        fused.decisions.push_back(static_cast<Decision>(table.decisions[i]));
    return fused;
}

}  // namespace panfuse::fusion

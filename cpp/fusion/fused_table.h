// The segments of a fused map as columns in one piece of memory, as kernels on a device leave them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fusion/segments.h"
#include "support/platform.h"

namespace panfuse::fusion {

// What was wrong with values that only a device has seen. Of several faults the first of these is
// told. What they say stands in fused_table.cpp.
enum class Fault : std::uint8_t { none, too_many_segments };

// What a fault is told by: the greatest word wins, so that the order of threads does not show.
// `index`: of what is at fault, below 2^56; of several the first is told.
PF_HD inline std::uint64_t fault_word(Fault fault, std::uint64_t index) {
    constexpr std::uint64_t mask = (std::uint64_t{1} << 56) - 1;
    return (std::uint64_t{255} - static_cast<std::uint64_t>(fault)) << 56 | (mask - (index & mask));
}

// Column by column what `Segment` is; row k is of id k + 1.
struct FusedColumns {
    std::uint64_t* fault;  // 0, or a `fault_word`
    std::int64_t* count;   // of segments
    std::int64_t* area;
    std::int64_t* original;
    std::int32_t* category;
    std::int32_t* source;
    std::int32_t* box;  // `sides` by row
    float* score;
    std::uint8_t* is_thing;
    std::uint8_t* is_crowd;
    std::uint8_t* decisions;  // `Decision` by instance
    std::int64_t capacity;    // rows
    std::int64_t decided;     // instances
    std::int32_t sides;
};

// Where the columns lie, from an address aligned to 16 bytes on.
struct TableLayout {
    std::int64_t capacity = 0;
    std::int64_t decided = 0;
    std::int32_t rank = 2;  // of the map

    // A multiple of 16, so that tables of a batch lie one after the other. The order is known to
    // python/panfuse/_fusion_table.py.
    PF_HD std::int64_t bytes() const {
        const std::int64_t row = 2 * 8 + 3 * 4 + 2 * 4 * rank + 2;
        return (16 + row * capacity + decided + 15) / 16 * 16;
    }

    PF_HD FusedColumns columns(void* base) const {
        FusedColumns at{};
        auto* next = static_cast<unsigned char*>(base);
        const auto take = [&next]<class T>(T*& column, std::int64_t count) {
            column = reinterpret_cast<T*>(next);
            next += count * static_cast<std::int64_t>(sizeof(T));
        };
        take(at.fault, 1);
        take(at.count, 1);
        take(at.area, capacity);
        take(at.original, capacity);
        take(at.category, capacity);
        take(at.source, capacity);
        take(at.score, capacity);
        take(at.box, capacity * 2 * rank);
        take(at.is_thing, capacity);
        take(at.is_crowd, capacity);
        take(at.decisions, decided);
        at.capacity = capacity;
        at.decided = decided;
        at.sides = 2 * rank;
        return at;
    }
};

// The rows of a table that lies in the host's memory. std::overflow_error or std::invalid_argument
// where the table has a fault.
Fused read_table(const TableLayout& layout, const void* base);

}  // namespace panfuse::fusion

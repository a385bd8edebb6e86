// What a fused map is counted into: pixels of one instance, class and side of the foreground.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace panfuse::fusion {

// A pixel while its segment is not known: the instance in the upper half (0 for none), whether it
// is foreground in the next bit, and the code of its class in the rest.
using Key = std::uint32_t;

inline constexpr int owner_shift = 16;
inline constexpr Key foreground_bit = 0x8000;
inline constexpr Key class_mask = 0x7FFF;
inline constexpr std::size_t most_owners = 65535;
inline constexpr std::size_t most_classes = 32768;

inline constexpr std::uint32_t owner_of(Key key) { return key >> owner_shift; }
inline constexpr bool is_foreground(Key key) { return (key & foreground_bit) != 0; }
inline constexpr std::uint32_t class_of(Key key) { return key & class_mask; }

// Pixels of a key; axes are shorter than 2^31.
struct alignas(64) Cell {
    std::int64_t area = 0;
    std::int64_t first = 0;  // the index of the first pixel, in C order
    std::uint32_t begin[3] = {~0u, ~0u, ~0u}, end[3] = {};  // of columns, rows and planes
    std::uint64_t weight = 0;  // of its pixels' votes, where they have any
    Key key = 0;
    std::int32_t id = 0;  // of its segment, once that is decided

    // Adds the pixels [x, stop) of row y of plane z.
    void add_run(std::uint32_t x, std::uint32_t stop, std::uint32_t y, std::uint32_t z) {
        area += stop - x;
        stretch(0, x, stop);
        stretch(1, y, y + 1);
        stretch(2, z, z + 1);
    }

    void add(const Cell& more) {
        area += more.area;
        first = std::min(first, more.first);
        weight += more.weight;
        for (int axis = 0; axis < 3; ++axis) stretch(axis, more.begin[axis], more.end[axis]);
    }

  private:
    void stretch(int axis, std::uint32_t from, std::uint32_t to) {
        begin[axis] = std::min(begin[axis], from);
        end[axis] = std::max(end[axis], to);
    }
};

// Cells by key: an array of all keys there may be, or, where those are many, an open hash.
class CellTable {
  public:
    // Owners are below `owners`, classes below `classes`.
    CellTable(std::size_t owners, std::size_t classes);

    // The cell of a key. `first` is the index of the pixel that asks.
    Cell& at(Key key, std::int64_t first) {
        std::size_t slot = hash(key);
        while (slots_[slot] != 0) {
            Cell& cell = cells_[slots_[slot] - 1];
            if (cell.key == key) return cell;
            slot = (slot + 1) & (slots_.size() - 1);
        }
        return insert(key, first, slot);
    }

    // The segment of a key that has a cell.
    std::int32_t id(Key key) const {
        std::size_t slot = hash(key);
        while (cells_[slots_[slot] - 1].key != key) slot = (slot + 1) & (slots_.size() - 1);
        return cells_[slots_[slot] - 1].id;
    }

    // Adds the cells of another table.
    void merge(const CellTable& other);

    // Replaces keys by the ids of their cells.
    void write_ids(Key* keys, std::size_t n) const {
        for (std::size_t i = 0; i < n; ++i) keys[i] = static_cast<Key>(id(keys[i]));
    }

    std::vector<Cell>& cells() { return cells_; }
    const std::vector<Cell>& cells() const { return cells_; }

  private:
    std::size_t hash(Key key) const {
        if (dense_)
            return (owner_of(key) << shift_) | (class_of(key) << 1) | (is_foreground(key) ? 1 : 0);
        return key * 0x9E3779B1u >> shift_;
    }
    Cell& insert(Key key, std::int64_t first, std::size_t slot);

    std::vector<Cell> cells_;
    std::vector<std::uint32_t> slots_;  // the number of a cell, from 1; of a hash a power of two
    bool dense_;
    int shift_;
};

}  // namespace panfuse::fusion

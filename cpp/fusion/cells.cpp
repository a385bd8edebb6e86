#include "fusion/cells.h"

#include <bit>

namespace panfuse::fusion {
namespace {

constexpr int first_bits = 12;
constexpr std::size_t most_dense = std::size_t{1} << 18;

}  // namespace

CellTable::CellTable(std::size_t owners, std::size_t classes) {
    const auto bits = static_cast<int>(std::bit_width(2 * classes));
    dense_ = owners << bits <= most_dense;
    shift_ = dense_ ? bits : 32 - first_bits;
    slots_.resize(dense_ ? owners << bits : std::size_t{1} << first_bits);
}

Cell& CellTable::insert(Key key, std::int64_t first, std::size_t slot) {
    Cell cell;
    cell.first = first;
    cell.key = key;
    cells_.push_back(cell);
    slots_[slot] = static_cast<std::uint32_t>(cells_.size());
    if (!dense_ && 2 * cells_.size() > slots_.size()) {
        slots_.assign(2 * slots_.size(), 0);
        --shift_;
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            std::size_t to = hash(cells_[i].key);
            while (slots_[to] != 0) to = (to + 1) & (slots_.size() - 1);
            slots_[to] = static_cast<std::uint32_t>(i + 1);
        }
    }
    return cells_.back();
}

void CellTable::merge(const CellTable& other) {
    for (const Cell& cell : other.cells_) at(cell.key, cell.first).add(cell);
}

}  // namespace panfuse::fusion

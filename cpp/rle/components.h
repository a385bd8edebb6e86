// The connected components of a mask, found on its spans.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rle/masks.h"
#include "rle/spans.h"

namespace panfuse::rle {

// Finds them anew for each mask; memory is kept from one to the next.
class Components {
  public:
    // Neighbours are those through faces, or through corners as well (`diagonal`).
    void find(const Columns& mask, bool diagonal);

    // In the order of first pixels along the rows, as the room `labeling` numbers them.
    std::size_t count() const { return firsts_.size(); }

    // Calls start() for each component, in that order, and returns a list of counts to append to;
    // then finish().
    template <class Start, class Finish>
    void write(Start&& start, Finish&& finish) const;

  private:
    std::size_t root(std::size_t span);

    const Columns* mask_ = nullptr;
    std::vector<std::size_t> parents_;  // by span
    struct First {
        std::uint32_t y;
        std::int64_t x;
        std::size_t root;
    };
    std::vector<First> firsts_;
    std::vector<std::size_t> starts_, order_;  // the spans of each component, ascending
    std::vector<std::uint32_t> columns_;       // by span: where its column begins
};

template <class Start, class Finish>
void Components::write(Start&& start, Finish&& finish) const {
    const auto spans = mask_->all();
    for (std::size_t component = 0; component < count(); ++component) {
        CountWriter writer(start());
        for (std::size_t i = starts_[component]; i < starts_[component + 1]; ++i) {
            const std::size_t span = order_[i];
            writer.put(columns_[span] + spans[span].begin, columns_[span] + spans[span].end);
        }
        writer.finish(pixels_of(mask_->size()));
        finish();
    }
}

}  // namespace panfuse::rle

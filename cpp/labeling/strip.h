// Consecutive rows of an image as bits and labelled runs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "labeling/kernels.h"
#include "labeling/rule.h"
#include "labeling/source.h"
#include "support/uninitialized.h"

namespace panfuse::labeling {

// Two rows of an image that hold neighbouring pixels, `other` being the earlier one.
struct Neighbor {
    std::int64_t other;
    Reach reach;
    bool covers;   // equal pixels here make other contacts of the row superfluous
    bool covered;  // may leave out what is covered
};

// The earlier neighbours of a row, in the order in which contacts are looked for.
struct Neighbors {
    // `steps` as in rule.h.
    Neighbors(std::int64_t row, const Shape& shape, int steps);

    const Neighbor* begin() const { return list; }
    const Neighbor* end() const { return list + count; }

    Neighbor list[4];
    int count = 0;
};

// Room for the runs of a row.
class RunsOfRow {
  public:
    explicit RunsOfRow(const Shape& shape);

    RunList list;

  private:
    UninitializedVector<std::uint32_t> memory_;
};

// A list of contacts, and the pixels that need none.
class ContactList {
  public:
    explicit ContactList(const Shape& shape);

    // The contacts of a row with an earlier one; to be called in the order of Neighbors.
    std::size_t find(Kernels::Touch touch, const RowPair& rows, const Neighbor& neighbor,
                     int steps);

    // No pixel is covered from here on.
    void start_row() { has_cover_ = false; }

    Contacts contacts;

  private:
    UninitializedVector<std::uint32_t> memory_;
    UninitializedVector<std::uint64_t> equal_;
    bool has_cover_ = false;
};

class Strip {
  public:
    // Rows [begin, end) of a source of that shape, whose axes are shorter than 2^31.
    Strip(std::unique_ptr<Source> source, const Shape& shape, int steps, bool statistics,
          std::int64_t begin, std::int64_t end);

    // Labels the runs from 0 on, as if there were no other strips.
    void sweep();

    // The contacts of the strip's first rows with rows of earlier strips: calls
    // unite(own label, earlier strip, its label).
    template <class StripOf, class Unite>
    void seams(StripOf&& strip_of, Unite&& unite);

    std::int64_t begin() const { return begin_; }
    std::int64_t end() const { return end_; }
    BitRow bits(std::int64_t row) const;
    std::size_t runs(std::int64_t row) const;
    const std::uint32_t* labels(std::int64_t row) const;  // one a run
    std::uint32_t label_count() const { return label_count_; }
    std::uint32_t* parents() { return parents_.data(); }
    UninitializedVector<Sums>& sums() { return sums_; }  // by label; if statistics

    // Lists the runs of a row.
    void list(std::int64_t row, RunList runs) const;

    // Calls visit(run, begin, end) for the runs of a row.
    template <class Visit>
    void visit_runs(std::int64_t row, Visit&& visit) const;

  private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    struct RowLabels {
        std::uint32_t* labels;
        std::size_t runs;
    };

    std::size_t index(std::int64_t row) const { return static_cast<std::size_t>(row - begin_); }
    RowPair pair(std::int64_t row, const Strip& earlier, std::int64_t other) const;
    void scan(std::int64_t row);
    void find_labels(std::int64_t row, ContactList& list);
    void join(std::uint32_t* labels, const std::uint32_t* other_labels, const Contacts& contacts,
              std::size_t count);
    void make_labels(std::uint32_t* labels, std::size_t runs);
    void add_statistics(std::int64_t row, RunList list);

    std::unique_ptr<Source> source_;
    Shape shape_;
    int steps_;
    bool statistics_;
    std::int64_t begin_, end_;
    std::size_t words_;
    std::uint32_t label_count_ = 0;
    std::uint32_t described_ = 0;  // labels that have sums
    UninitializedVector<std::uint64_t> starts_, inside_;
    std::vector<std::uint64_t> same_;  // of the latest row and the one above; may be empty
    // The labels of rows, in blocks that stay where they are.
    std::vector<UninitializedVector<std::uint32_t>> blocks_;
    std::size_t block_used_ = 0;
    UninitializedVector<std::uint32_t> parents_;
    std::vector<RowLabels> rows_;
    UninitializedVector<Sums> sums_;
    UninitializedVector<std::uint32_t> pending_;  // labels to unite, in pairs
};

template <class StripOf, class Unite>
void Strip::seams(StripOf&& strip_of, Unite&& unite) {
    ContactList list(shape_);
    const std::int64_t last = std::min(end_, begin_ + (shape_.planes > 1 ? shape_.height + 1 : 1));
    for (std::int64_t row = begin_; row < last; ++row) {
        list.start_row();
        for (const Neighbor& neighbor : Neighbors(row, shape_, steps_)) {
            if (neighbor.other >= begin_) continue;
            const Strip& earlier = strip_of(neighbor.other);
            const std::size_t count =
                list.find(source_->touch(), pair(row, earlier, neighbor.other), neighbor, steps_);
            for (std::size_t i = 0; i < count; ++i)
                unite(labels(row)[list.contacts.run[i]], earlier,
                      earlier.labels(neighbor.other)[list.contacts.other[i]]);
        }
    }
}

template <class Visit>
void Strip::visit_runs(std::int64_t row, Visit&& visit) const {
    const BitRow row_bits = bits(row);
    std::uint64_t inside_before = 0;
    std::uint32_t begin = none;
    std::size_t run = 0;
    for (std::size_t word = 0; word < words_; ++word) {
        const std::uint64_t starts = row_bits.starts[word], inside = row_bits.inside[word];
        std::uint64_t changes = starts | ((inside << 1 | inside_before) & ~inside);
        inside_before = inside >> 63;
        for (; changes != 0; changes &= changes - 1) {
            const auto bit = static_cast<unsigned>(__builtin_ctzll(changes));
            const std::uint32_t x = static_cast<std::uint32_t>(64 * word) + bit;
            if (begin != none) visit(run++, begin, x);
            begin = (starts >> bit & 1) != 0 ? x : none;
        }
    }
    // A run to the end of the row; it ended before if the last word had room to say so.
    if (begin != none) visit(run, begin, static_cast<std::uint32_t>(shape_.width));
}

}  // namespace panfuse::labeling

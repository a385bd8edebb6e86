#include "labeling/strip.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "labeling/forest.h"
#include "runs/scanner.h"

namespace panfuse::labeling {
namespace {

// Room for `n` elements, at least doubling.
template <class Vector>
void make_room(Vector& vector, std::size_t n) {
    if (vector.size() < n) vector.resize(std::max(n, 2 * vector.size()));
}

constexpr std::size_t contacts_per_pixel = 3;

}  // namespace

// A pixel whose neighbour in the plane before is equal needs no contact with those that are that
// one's neighbours too. So that neighbour comes first.
Neighbors::Neighbors(std::int64_t row, const Shape& shape, int steps) {
    const std::int64_t z = shape.planes > 1 ? row / shape.height : 0;
    const std::int64_t y = row - z * shape.height;
    const bool covers = steps > 1 && z > 0;
    const Reach one = reach(steps, 1), two = reach(steps, 2);
    if (z > 0 && one.straight) list[count++] = {row - shape.height, one, covers, false};
    if (y > 0 && one.straight) list[count++] = {row - 1, one, false, covers};
    if (z > 0 && y > 0 && two.straight)
        list[count++] = {row - shape.height - 1, two, false, covers};
    if (z > 0 && y + 1 < shape.height && two.straight)
        list[count++] = {row - shape.height + 1, two, false, covers};
}

RunsOfRow::RunsOfRow(const Shape& shape) {
    const std::size_t most = static_cast<std::size_t>(shape.width) + slack + 1;
    memory_.resize(2 * most);
    list = {memory_.data(), memory_.data() + most};
}

ContactList::ContactList(const Shape& shape) {
    const auto width = static_cast<std::size_t>(shape.width);
    const std::size_t most = contacts_per_pixel * width + slack;
    memory_.resize(2 * most);
    contacts = {memory_.data(), memory_.data() + most};
    if (shape.planes > 1) equal_.resize(runs::words(width));
}

std::size_t ContactList::find(Kernels::Touch touch, const RowPair& rows, const Neighbor& neighbor,
                              int steps) {
    const bool leave_out = has_cover_ && neighbor.covered;
    // Two pixels that differ in two indices from a common neighbour may differ in three.
    const Covered covered{leave_out ? equal_.data() : nullptr,
                          leave_out && steps == 3 ? equal_.data() : nullptr};
    has_cover_ |= neighbor.covers;
    return touch(rows, neighbor.reach.diagonal, covered, contacts,
                 neighbor.covers ? equal_.data() : nullptr);
}

Strip::Strip(std::unique_ptr<Source> source, const Shape& shape, int steps, bool statistics,
             std::int64_t begin, std::int64_t end)
    : source_(std::move(source)),
      shape_(shape),
      steps_(steps),
      statistics_(statistics),
      begin_(begin),
      end_(end),
      words_(runs::words(static_cast<std::size_t>(shape.width))) {}

BitRow Strip::bits(std::int64_t row) const {
    return {starts_.data() + index(row) * words_, inside_.data() + index(row) * words_};
}

std::size_t Strip::runs(std::int64_t row) const { return rows_[index(row)].runs; }

const std::uint32_t* Strip::labels(std::int64_t row) const { return rows_[index(row)].labels; }

RowPair Strip::pair(std::int64_t row, const Strip& earlier, std::int64_t other) const {
    return {static_cast<std::size_t>(shape_.width),
            source_->pixels(row),
            earlier.source_->pixels(other),
            bits(row),
            earlier.bits(other),
            nullptr};
}

void Strip::sweep() {
    const std::size_t rows = index(end_);
    starts_.resize(rows * words_);
    inside_.resize(rows * words_);
    rows_.resize(rows);
    // In a volume much of what a row has in common with the one above is covered, and not asked
    // for.
    if (shape_.planes == 1 && !source_->is_binary()) same_.resize(words_);
    ContactList list(shape_);
    const RunsOfRow runs_of_row(shape_);
    for (std::int64_t row = begin_; row < end_; ++row) {
        scan(row);
        if (runs(row) == 0) continue;
        find_labels(row, list);
        if (statistics_) add_statistics(row, runs_of_row.list);
    }
}

void Strip::scan(std::int64_t row) {
    const std::size_t i = index(row);
    const std::size_t found =
        source_->scan(row, starts_.data() + i * words_, inside_.data() + i * words_,
                      row > begin_ && !same_.empty() ? same_.data() : nullptr);
    if (label_count_ + found >= none)
        throw std::overflow_error("the image has more regions than 32-bit labels can count");
    make_room(parents_, label_count_ + found + slack);
    if (blocks_.empty() || blocks_.back().size() - block_used_ < found) {
        constexpr std::size_t least_block = 1 << 14;
        blocks_.emplace_back(std::max(least_block, found));
        block_used_ = 0;
    }
    rows_[i] = {blocks_.back().data() + block_used_, found};
    block_used_ += found;
}

void Strip::find_labels(std::int64_t row, ContactList& list) {
    const auto [own, count] = rows_[index(row)];
    std::fill_n(own, count, none);
    list.start_row();
    for (const Neighbor& neighbor : Neighbors(row, shape_, steps_)) {
        if (neighbor.other < begin_ || runs(neighbor.other) == 0) continue;
        RowPair rows = pair(row, *this, neighbor.other);
        if (!same_.empty()) rows.same = same_.data();
        const std::size_t contacts = list.find(source_->touch(), rows, neighbor, steps_);
        join(own, labels(neighbor.other), list.contacts, contacts);
    }
    make_labels(own, count);
}

// A run takes the label of its first contact; what else it touches is united with that. Without a
// branch that noise would make unpredictable.
void Strip::join(std::uint32_t* labels, const std::uint32_t* other_labels, const Contacts& contacts,
                 std::size_t count) {
    make_room(pending_, 2 * count + 2);
    std::uint32_t* const parents = parents_.data();
    std::uint32_t* const pending = pending_.data();
    std::size_t unions = 0;
    for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t& label = labels[contacts.run[i]];
        const std::uint32_t old = label, other = parents[other_labels[contacts.other[i]]];
        label = old == none ? other : old;
        pending[unions] = old;
        pending[unions + 1] = other;
        unions += static_cast<std::size_t>((old != none) & (old != other)) * 2;
    }
    for (std::size_t i = 0; i < unions; i += 2) unite(parents, pending[i], pending[i + 1]);
}

void Strip::make_labels(std::uint32_t* labels, std::size_t runs) {
    std::uint32_t* const parents = parents_.data();
    std::uint32_t next = label_count_;
    for (std::size_t run = 0; run < runs; ++run) {
        const bool is_new = labels[run] == none;
        labels[run] = is_new ? next : labels[run];
        parents[next] = next;
        next += is_new;
    }
    label_count_ = next;
}

void Strip::list(std::int64_t row, RunList runs) const {
    kernels().list(bits(row), static_cast<std::size_t>(shape_.width), runs);
}

// A label's first run is in the row that makes it, where new labels ascend.
void Strip::add_statistics(std::int64_t row, RunList runs_of_row) {
    make_room(sums_, label_count_);
    list(row, runs_of_row);
    const std::int64_t z = shape_.planes > 1 ? row / shape_.height : 0;
    described_ = kernels().describe(
        runs_of_row, runs(row), labels(row), static_cast<std::uint32_t>(row - z * shape_.height),
        static_cast<std::uint32_t>(z), row * shape_.width, described_, sums_.data());
}

}  // namespace panfuse::labeling

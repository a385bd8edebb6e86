#include "labeling/strip.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "labeling/forest.h"
#include "runs/scanner.h"

namespace panfuse::labeling {
namespace {

// Room for `n` elements, growing by halves at least.
template <class Vector>
void make_room(Vector& vector, std::size_t n) {
    if (vector.size() < n) vector.resize(std::max(n, vector.size() + vector.size() / 2));
}

constexpr std::size_t contacts_per_pixel = 3;

}  // namespace

// A pixel whose neighbour in the plane before is equal needs no contact with those that are that
// one's neighbours too. So that neighbour comes first.
Neighbors::Neighbors(std::int64_t row, const Shape& shape, int steps) {
    const std::int64_t y = row % shape.height, z = row / shape.height;
    const bool covers = steps > 1 && z > 0;
    const Reach one = reach(steps, 1), two = reach(steps, 2);
    if (z > 0 && one.straight) list[count++] = {row - shape.height, one, covers, false};
    if (y > 0 && one.straight) list[count++] = {row - 1, one, false, covers};
    if (z > 0 && y > 0 && two.straight)
        list[count++] = {row - shape.height - 1, two, false, covers};
    if (z > 0 && y + 1 < shape.height && two.straight)
        list[count++] = {row - shape.height + 1, two, false, covers};
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

std::size_t Strip::runs(std::int64_t row) const {
    return first_run_[index(row) + 1] - first_run_[index(row)];
}

const std::uint32_t* Strip::labels(std::int64_t row) const {
    return labels_.data() + first_run_[index(row)];
}

RowPair Strip::pair(std::int64_t row, const Strip& earlier, std::int64_t other) const {
    return {static_cast<std::size_t>(shape_.width), source_->pixels(row),
            earlier.source_->pixels(other), bits(row), earlier.bits(other)};
}

void Strip::sweep() {
    const std::size_t rows = index(end_);
    starts_.resize(rows * words_);
    inside_.resize(rows * words_);
    first_run_.assign(rows + 1, 0);
    ContactList list(shape_);
    for (std::int64_t row = begin_; row < end_; ++row) {
        scan(row);
        if (runs(row) == 0) continue;
        find_labels(row, list);
        if (statistics_) add_statistics(row);
    }
}

void Strip::scan(std::int64_t row) {
    const std::size_t i = index(row);
    const std::size_t found =
        source_->scan(row, starts_.data() + i * words_, inside_.data() + i * words_);
    first_run_[i + 1] = first_run_[i] + found;
    make_room(labels_, first_run_[i + 1] + slack);
    make_room(parents_, label_count_ + found + slack);
    if (label_count_ + found >= none)
        throw std::overflow_error("the image has more regions than 32-bit labels can count");
}

void Strip::find_labels(std::int64_t row, ContactList& list) {
    std::uint32_t* const own = labels_.data() + first_run_[index(row)];
    std::fill_n(own, runs(row), none);
    list.start_row();
    for (const Neighbor& neighbor : Neighbors(row, shape_, steps_)) {
        if (neighbor.other < begin_ || runs(neighbor.other) == 0) continue;
        const std::size_t count =
            list.find(source_->touch(), pair(row, *this, neighbor.other), neighbor, steps_);
        join(own, labels(neighbor.other), list.contacts, count);
    }
    make_labels(own, runs(row));
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

// A label's first run is in the row that makes it, where new labels ascend.
void Strip::add_statistics(std::int64_t row) {
    make_room(sums_, label_count_);
    const std::uint32_t* const own = labels(row);
    const auto y = static_cast<std::uint32_t>(row % shape_.height);
    const auto z = static_cast<std::uint32_t>(row / shape_.height);
    const std::int64_t first = row * shape_.width;
    visit_runs(row, [&, sums = sums_.data()](std::size_t run, std::uint32_t x, std::uint32_t end) {
        const Sums more = sums_of_run(x, end, y, z, first + x);
        if (own[run] == described_)
            sums[described_++] = more;
        else
            add(sums[own[run]], more);
    });
}

}  // namespace panfuse::labeling

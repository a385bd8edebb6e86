#include "labeling/regions.h"

#include <algorithm>
#include <limits>
#include <span>
#include <stdexcept>

#include "labeling/forest.h"
#include "runs/scanner.h"

namespace panfuse::labeling {
namespace {

template <class Label>
void fill_run(const Run& run, void* row) {
    Label* const pixels = static_cast<Label*>(row);
    std::fill(pixels + run.begin, pixels + run.end, static_cast<Label>(run.label));
}

void fill_run(const Run& run, std::size_t label_bytes, void* row) {
    switch (label_bytes) {
        case 2: return fill_run<std::uint16_t>(run, row);
        case 4: return fill_run<std::uint32_t>(run, row);
        default: return fill_run<std::uint64_t>(run, row);
    }
}

}  // namespace

Regions::Regions(const MakeSource& make_source, const Shape& shape, int steps, bool statistics,
                 std::int64_t strips)
    : shape_(shape), statistics_(statistics) {
    constexpr auto longest = std::int64_t{std::numeric_limits<std::int32_t>::max()};
    if (std::max({shape.width, shape.height, shape.planes}) > longest)
        throw std::invalid_argument("image: expected axes below 2**31");
    const std::int64_t rows = shape.pixels() > 0 ? shape.rows() : 0;
    rows_per_strip_ = std::max<std::int64_t>((rows + strips - 1) / strips, 1);
    for (std::int64_t begin = 0; begin < rows; begin += rows_per_strip_)
        strips_.emplace_back(make_source(), shape, steps, statistics, begin,
                             std::min(begin + rows_per_strip_, rows));
}

void Regions::resolve() {
    std::size_t all = 0;
    for (const Strip& strip : strips_) {
        first_label_.push_back(all);
        all += strip.label_count();
    }
    if (all >= std::numeric_limits<std::uint32_t>::max())
        throw std::overflow_error("the image has more regions than 32-bit labels can count");
    labels_.resize(all);
    const std::vector<std::uint32_t> joined =
        strips_.size() > 1 ? joined_parents() : std::vector<std::uint32_t>{};
    const std::uint32_t* parents = joined.data();
    if (strips_.size() == 1) parents = strips_.front().parents();
    for (std::size_t label = 0; label < all; ++label) {
        const std::uint32_t parent = parents[label];
        const bool is_root = parent == label;
        count_ += is_root;
        labels_[label] = is_root ? count_ : labels_[parent];
    }
    if (statistics_ && !strips_.empty()) add_up();
}

// Moves the sums of roots to the front and adds the others to them.
void Regions::add_up() {
    sums_.swap(strips_.front().sums());
    std::size_t label = strips_.front().label_count();
    sums_.resize(label);
    for (Strip& strip : std::span(strips_).subspan(1)) {
        sums_.insert(sums_.end(), strip.sums().begin(), strip.sums().begin() + strip.label_count());
        strip.sums().clear();
    }
    std::uint32_t known = 0;
    for (label = 0; label < labels_.size(); ++label) {
        if (labels_[label] > known)
            sums_[known++] = sums_[label];
        else
            add(sums_[labels_[label] - 1], sums_[label]);
    }
    sums_.resize(known);
}

// The forests of the strips as one, with the seams closed.
std::vector<std::uint32_t> Regions::joined_parents() {
    std::vector<std::uint32_t> parents;
    parents.reserve(labels_.size());
    for (std::size_t i = 0; i < strips_.size(); ++i) {
        const std::uint32_t* const own = strips_[i].parents();
        for (std::uint32_t label = 0; label < strips_[i].label_count(); ++label)
            parents.push_back(own[label] + static_cast<std::uint32_t>(first_label_[i]));
    }
    for (Strip& strip : strips_) {
        const auto first = static_cast<std::uint32_t>(first_label_[number(strip)]);
        strip.seams([this](std::int64_t row) -> const Strip& { return strip_of(row); },
                    [&](std::uint32_t label, const Strip& earlier, std::uint32_t its_label) {
                        const std::size_t its_first = first_label_[number(earlier)];
                        unite(parents.data(), label + first,
                              its_label + static_cast<std::uint32_t>(its_first));
                    });
    }
    return parents;
}

void Regions::relabel(const std::vector<std::uint32_t>& labels, UninitializedVector<Sums> sums) {
    for (std::uint32_t& label : labels_) label = labels[label];
    for (Painted& painted : painted_) painted.run.label = labels[painted.run.label];
    sums_ = std::move(sums);
    count_ = static_cast<std::uint32_t>(sums_.size());
}

void Regions::paint(std::int64_t row, const Run& run) { painted_.push_back({row, run}); }

std::span<const Regions::Painted> Regions::painted(std::int64_t row) const {
    const auto [begin, end] =
        std::equal_range(painted_.begin(), painted_.end(), Painted{row, {}},
                         [](const Painted& a, const Painted& b) { return a.row < b.row; });
    return {begin, end};
}

void Regions::runs(std::int64_t row, Runs& runs) const {
    const Strip& strip = strip_of(row);
    const std::uint32_t* const own = strip.labels(row);
    const std::uint32_t* const labels = labels_.data() + first_label_[number(strip)];
    runs.clear();
    strip.visit_runs(row, [&](std::size_t run, std::uint32_t begin, std::uint32_t end) {
        const std::uint32_t label = labels[own[run]];
        if (label != 0) runs.push_back({begin, end, label});
    });
    const auto more = painted(row);
    if (more.empty()) return;
    for (const Painted& one : more)
        if (one.run.label != 0) runs.push_back(one.run);
    std::sort(runs.begin(), runs.end(),
              [](const Run& a, const Run& b) { return a.begin < b.begin; });
}

void Regions::fill(std::size_t strip_number, std::size_t label_bytes, void* image) const {
    const Strip& strip = strips_[strip_number];
    const auto fill = kernels().fill[runs::width_index(label_bytes)];
    const std::uint32_t* const labels = labels_.data() + first_label_[strip_number];
    const auto width = static_cast<std::size_t>(shape_.width);
    UninitializedVector<std::uint32_t> row_labels(width + 2 * slack);
    std::uint32_t* const of_run = row_labels.data() + slack;
    for (std::int64_t row = strip.begin(); row < strip.end(); ++row) {
        const std::uint32_t* const own = strip.labels(row);
        const std::size_t runs = strip.runs(row);
        for (std::size_t run = 0; run < runs; ++run) of_run[run] = labels[own[run]];
        std::byte* const pixels =
            static_cast<std::byte*>(image) + static_cast<std::size_t>(row) * width * label_bytes;
        fill(strip.bits(row), width, of_run, pixels);
        if (painted_.empty()) continue;
        for (const Painted& one : painted(row)) fill_run(one.run, label_bytes, pixels);
    }
}

}  // namespace panfuse::labeling

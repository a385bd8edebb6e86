#include "evaluation/pair_counter.h"

#include <algorithm>
#include <cstddef>

#include "runs/scanner.h"
#include "support/error.h"
#include "support/file.h"
#include "support/radix_sort.h"

namespace panfuse::evaluation {
namespace {

std::string size_text(const png::RowDecoder& map) {
    return std::to_string(map.height()) + " x " + std::to_string(map.width());
}

// A map's rows, stretched over a map of another size as NumPy broadcasts them.
class StretchedRows {
  public:
    StretchedRows(png::RowDecoder& map, std::size_t width, std::size_t height)
        : map_(map), left_(map.height()), copies_(width / map.width() * (height / map.height())) {
        if (map.width() != width) wide_.resize(width);
    }

    const std::uint32_t* next() {
        if (left_ > 0) {
            map_.next();
            --left_;
            if (!wide_.empty()) std::fill(wide_.begin(), wide_.end(), map_.ids()[0]);
        }
        return wide_.empty() ? map_.ids() : wide_.data();
    }

    std::int64_t copies() const { return static_cast<std::int64_t>(copies_); }

  private:
    png::RowDecoder& map_;
    std::size_t left_, copies_;
    std::vector<std::uint32_t> wide_;
};

}  // namespace

void PairCounter::count(Image& image) {
    open(image, image.gt_map, gt_);
    open(image, image.pred_map, pred_);
    image.gt_copies = image.pred_copies = 1;
    const bool one_size = gt_.width() == pred_.width() && gt_.height() == pred_.height();
    if (!one_size) check_sizes(image);
    try {
        if (one_size && gt_.width() <= runs::most_joint_pixels)
            count_rows();
        else
            count_stretched_rows(image);
    } catch (...) {
        table_.take();
        throw;
    }
    sort_pairs();
    image.pairs = pairs_;
}

void PairCounter::open(const Image& image, const std::string& file, png::RowDecoder& decoder) {
    decoder.open(read_file(file, memory_), image.name + ": " + file, most_pixels_);
    const png::Color color = decoder.header().color;
    if (protocol_ == Protocol::panopticapi && color != png::Color::rgb && color != png::Color::rgba)
        throw FormatError(image.name + ": " + file +
                          ": protocol 'panopticapi' reads RGB and RGBA files only");
}

void PairCounter::check_sizes(const Image& image) const {
    const auto fits = [](std::size_t a, std::size_t b) { return a == b || a == 1 || b == 1; };
    if (protocol_ == Protocol::panopticapi && fits(gt_.width(), pred_.width()) &&
        fits(gt_.height(), pred_.height())) {
        const std::uint64_t width = std::max(gt_.width(), pred_.width());
        if (width * std::max(gt_.height(), pred_.height()) <= most_pixels_) return;
    }
    throw FormatError(image.name + ": " + image.pred_map + ": the map is " + size_text(pred_) +
                      ", but " + image.gt_map + " is " + size_text(gt_));
}

void PairCounter::count_rows() {
    const std::size_t width = gt_.width();
    starts_.resize(width + runs::starts_slack);
    const auto joint_bits = runs::scanner().joint_bits;
    for (std::size_t y = 0; y < gt_.height(); ++y) {
        gt_.next();
        pred_.next();
        const std::size_t n = joint_bits(gt_.changes(), pred_.changes(), width, starts_.data());
        starts_[n] = static_cast<std::uint16_t>(width);
        table_.add_runs(gt_.ids(), pred_.ids(), starts_.data(), n);
    }
}

void PairCounter::count_stretched_rows(Image& image) {
    const std::size_t width = std::max(gt_.width(), pred_.width());
    const std::size_t height = std::max(gt_.height(), pred_.height());
    starts_.resize(std::min(width, runs::most_joint_pixels) + runs::starts_slack);
    StretchedRows gt(gt_, width, height), pred(pred_, width, height);
    image.gt_copies = gt.copies();
    image.pred_copies = pred.copies();
    for (std::size_t y = 0; y < height; ++y) {
        const std::uint32_t* const gt_row = gt.next();
        add_wide_row(gt_row, pred.next(), width);
    }
}

void PairCounter::add_wide_row(const std::uint32_t* gt, const std::uint32_t* pred,
                               std::size_t width) {
    constexpr std::size_t id_width = runs::width_index(sizeof *gt);
    const auto joint_starts = runs::scanner().joint_starts[id_width][id_width];
    for (std::size_t x = 0; x < width; x += runs::most_joint_pixels) {
        const std::size_t pixels = std::min(width - x, runs::most_joint_pixels);
        const std::size_t n = joint_starts(gt + x, pred + x, pixels, starts_.data());
        starts_[n] = static_cast<std::uint16_t>(pixels);
        table_.add_runs(gt + x, pred + x, starts_.data(), n);
    }
}

void PairCounter::sort_pairs() {
    keys_ = table_.take();
    radix_sort(keys_, scratch_, [](const auto& pair) { return pair.key.both; });
    matching::merge_equal(keys_);
    pairs_.clear();
    for (const auto& [key, count] : keys_)
        pairs_.push_back(
            {static_cast<std::int64_t>(key.gt()), static_cast<std::int64_t>(key.pred()), count});
}

}  // namespace panfuse::evaluation

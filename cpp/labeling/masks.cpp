#include "labeling/masks.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include "labeling/holes.h"
#include "labeling/pixels.h"
#include "labeling/regions.h"
#include "labeling/signs.h"
#include "support/parallel.h"

namespace panfuse::labeling {
namespace {

// One mask: its pixels, and where the result goes.
class Mask {
  public:
    Mask(const ArrayView& mask, const MaskOptions& options, std::byte* out)
        : mask_(mask), options_(options), shape_(shape_of(mask)), out_(out) {}

    void clean() {
        copy();
        switch (options_.rule) {
            case MaskOptions::Rule::fill_holes: return fill();
            case MaskOptions::Rule::remove_small: return remove(options_.least_area - 1);
            case MaskOptions::Rule::clean_logits: return clean_logits();
        }
    }

  private:
    void copy() {
        const auto bytes = static_cast<std::size_t>(mask_.dtype.bytes);
        const auto width = static_cast<std::size_t>(shape_.width);
        if (mask_.strides[1] == mask_.dtype.bytes &&
            mask_.strides[0] == shape_.width * mask_.dtype.bytes) {
            std::memcpy(out_, mask_.data, static_cast<std::size_t>(shape_.pixels()) * bytes);
            return;
        }
        for (std::int64_t y = 0; y < shape_.height; ++y) {
            const std::byte* from =
                static_cast<const std::byte*>(mask_.data) + y * mask_.strides[0];
            std::byte* to = pixel(y, 0);
            if (mask_.strides[1] == mask_.dtype.bytes) {
                std::memcpy(to, from, width * bytes);
                continue;
            }
            for (std::size_t x = 0; x < width; ++x, to += bytes, from += mask_.strides[1])
                std::memcpy(to, from, bytes);
        }
    }

    std::byte* pixel(std::int64_t y, std::uint32_t x) const {
        return out_ + (y * shape_.width + x) * mask_.dtype.bytes;
    }

    Regions foreground(bool statistics) const {
        return sweep([this] { return std::make_unique<Pixels>(mask_, Meaning{0, true}); },
                     options_.steps, statistics);
    }

    Regions sweep(const Regions::MakeSource& source, int steps, bool statistics) const {
        Regions regions(source, shape_, steps, statistics, 1);
        if (regions.strips() > 0) regions.sweep(0);
        regions.resolve();
        return regions;
    }

    // Writes value(label) into the runs of every label for which chosen(label) holds.
    template <class Chosen, class Value>
    void paint(const Regions& regions, Chosen&& chosen, Value&& value) {
        std::vector<std::uint8_t> marked(static_cast<std::size_t>(shape_.height), 0);
        for (std::uint32_t label = 1; label <= regions.count(); ++label) {
            if (!chosen(label)) continue;
            const Sums& sums = regions.sums(label);
            std::fill(marked.begin() + sums.y_begin, marked.begin() + sums.y_end, 1);
        }
        Runs runs;
        for (std::int64_t y = 0; y < shape_.height; ++y) {
            if (marked[static_cast<std::size_t>(y)] == 0) continue;
            regions.runs(y, runs);
            for (const Run& run : runs) {
                if (!chosen(run.label)) continue;
                const std::uint64_t bytes = value(run.label);
                for (std::uint32_t x = run.begin; x < run.end; ++x)
                    std::memcpy(pixel(y, x), &bytes, mask_.dtype.bytes);
            }
        }
    }

    // A hole takes the value to the left of its first pixel, which is foreground.
    void fill() {
        const Regions background = background_of(foreground(false), dual(options_.steps, 2));
        const std::int64_t most =
            options_.hole_area.value_or(std::numeric_limits<std::int64_t>::max());
        paint(
            background,
            [&](std::uint32_t label) { return is_hole(background.sums(label), shape_, 2, most); },
            [&](std::uint32_t label) {
                const std::int64_t first = background.sums(label).first;
                std::uint64_t bytes = 0;
                std::memcpy(&bytes, out_ + (first - 1) * mask_.dtype.bytes, mask_.dtype.bytes);
                return bytes;
            });
    }

    void remove(std::int64_t most) {
        const Regions regions = foreground(true);
        paint(
            regions,
            [&](std::uint32_t label) {
                return static_cast<std::int64_t>(regions.sums(label).area) <= most;
            },
            [](std::uint32_t) { return std::uint64_t{0}; });
    }

    // The second step sees what the first has filled.
    void clean_logits() {
        const auto steps = [&](Signs::Side side) {
            return sweep([&] { return std::make_unique<Signs>(out_, mask_.dtype, shape_, side); },
                         options_.steps, true);
        };
        const auto area = [](const Regions& regions, std::uint32_t label) {
            return static_cast<std::int64_t>(regions.sums(label).area);
        };
        if (options_.hole_area.value_or(0) > 0) {
            const Regions background = steps(Signs::Side::not_positive);
            const std::uint64_t filled = float_bytes(filled_logit, mask_.dtype);
            paint(
                background,
                [&](std::uint32_t label) { return area(background, label) <= options_.hole_area; },
                [&](std::uint32_t) { return filled; });
        }
        if (options_.sprinkle_area > 0) {
            const Regions regions = steps(Signs::Side::positive);
            std::int64_t all = 0;
            for (std::uint32_t label = 1; label <= regions.count(); ++label)
                all += area(regions, label);
            const std::int64_t most = most_sprinkle(options_.sprinkle_area, all);
            const std::uint64_t removed = float_bytes(removed_logit, mask_.dtype);
            paint(
                regions, [&](std::uint32_t label) { return area(regions, label) <= most; },
                [&](std::uint32_t) { return removed; });
        }
    }

    const ArrayView& mask_;
    const MaskOptions& options_;
    Shape shape_;
    std::byte* out_;
};

// Every mask of an array, in C order.
std::vector<ArrayView> masks_of(const ArrayView& masks) {
    const auto leading = static_cast<std::size_t>(masks.rank) - 2;
    ArrayView mask;
    mask.dtype = masks.dtype;
    mask.rank = 2;
    std::copy_n(masks.shape.begin() + static_cast<std::ptrdiff_t>(leading), 2, mask.shape.begin());
    std::copy_n(masks.strides.begin() + static_cast<std::ptrdiff_t>(leading), 2,
                mask.strides.begin());
    std::int64_t count = 1;
    for (std::size_t axis = 0; axis < leading; ++axis) count *= masks.shape[axis];
    std::vector<ArrayView> all;
    for (std::int64_t i = 0; i < count; ++i) {
        const auto* data = static_cast<const std::byte*>(masks.data);
        std::int64_t index = i;
        for (std::size_t axis = leading; axis-- > 0; index /= masks.shape[axis])
            data += index % masks.shape[axis] * masks.strides[axis];
        mask.data = data;
        all.push_back(mask);
    }
    return all;
}

}  // namespace

Masks::Masks(const ArrayView& masks, const MaskOptions& options, std::optional<int> threads)
    : masks_(masks), options_(options), threads_(choose_threads(threads, masks.size())) {
    if (masks.rank < 2) throw std::invalid_argument("masks: expected 2 axes or more");
    if (options.steps < 1 || options.steps > 2)
        throw std::invalid_argument("steps: expected 1 or 2");
    if (threads_ < 1) throw std::invalid_argument("threads must be at least 1");
}

void Masks::write(void* out) const {
    if (masks_.size() == 0) return;
    const std::vector<ArrayView> masks = masks_of(masks_);
    const Shape shape = shape_of(masks.front());
    run_chunks(threads_, static_cast<std::int64_t>(masks.size()), [&](int, std::int64_t i) {
        Mask(masks[static_cast<std::size_t>(i)], options_,
             static_cast<std::byte*>(out) + i * shape.pixels() * masks_.dtype.bytes)
            .clean();
    });
}

}  // namespace panfuse::labeling

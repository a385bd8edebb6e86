#include "labeling/masks.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "labeling/bit_plane.h"
#include "labeling/pixels.h"
#include "labeling/sieve.h"
#include "labeling/signs.h"
#include "labeling/specks.h"
#include "runs/scanner.h"
#include "support/parallel.h"

namespace panfuse::labeling {
namespace {

// What a thread keeps from mask to mask.
struct Scratch {
    BitPlane inside, outside;
    Sieve sieve;
    Specks specks;
};

// One mask: its pixels, and where the result goes.
class Mask {
  public:
    Mask(const ArrayView& mask, const MaskOptions& options, std::byte* out, Scratch& scratch)
        : mask_(mask), options_(options), shape_(shape_of(mask)), out_(out), scratch_(scratch) {}

    void clean() {
        scratch_.inside.resize(shape_);
        switch (options_.rule) {
            case MaskOptions::Rule::fill_holes: return fill();
            case MaskOptions::Rule::remove_small: return remove(options_.least_area - 1);
            case MaskOptions::Rule::clean_logits: return clean_logits();
        }
    }

  private:
    // Copies the mask, a few rows at a time, after read(y) of each of them has brought it into the
    // cache. (Row by row, memcpy takes twice as long.)
    template <class Read>
    void copy(Read&& read) {
        constexpr std::int64_t worth_copying = 4096;  // bytes
        const std::int64_t row_bytes = shape_.width * mask_.dtype.bytes;
        const std::int64_t together = std::max<std::int64_t>(worth_copying / row_bytes, 1);
        for (std::int64_t y = 0; y < shape_.height; y += together) {
            const std::int64_t end = std::min(y + together, shape_.height);
            for (std::int64_t row = y; row < end; ++row) read(row);
            if (are_rows_contiguous() && mask_.strides[0] == row_bytes)
                std::memcpy(pixel(y, 0), given(y), static_cast<std::size_t>((end - y) * row_bytes));
            else
                for (std::int64_t row = y; row < end; ++row) copy_row(row);
        }
    }

    void copy_row(std::int64_t y) {
        const auto bytes = static_cast<std::size_t>(mask_.dtype.bytes);
        const auto width = static_cast<std::size_t>(shape_.width);
        const std::byte* from = given(y);
        std::byte* to = pixel(y, 0);
        if (are_rows_contiguous()) {
            std::memcpy(to, from, width * bytes);
            return;
        }
        for (std::size_t x = 0; x < width; ++x, to += bytes, from += mask_.strides[1])
            std::memcpy(to, from, bytes);
    }

    bool are_rows_contiguous() const { return mask_.strides[1] == mask_.dtype.bytes; }

    const std::byte* given(std::int64_t y) const {
        return static_cast<const std::byte*>(mask_.data) + y * mask_.strides[0];
    }

    std::byte* pixel(std::int64_t y, std::uint32_t x) const {
        return out_ + (y * shape_.width + x) * mask_.dtype.bytes;
    }

    // Copies the mask and finds its foreground.
    BitPlane& copy_foreground() {
        BitPlane& plane = scratch_.inside;
        Pixels pixels(mask_, Meaning{0, true});
        std::vector<std::uint64_t> starts(plane.words());
        copy([&](std::int64_t y) { pixels.scan(y, starts.data(), plane.row(y), nullptr); });
        return plane;
    }

    // Calls visit(speck, first run, run) for the runs of all components of a mask, of which the
    // large ones may be left out.
    template <class Visit>
    void visit_small(BitPlane& plane, int steps, std::int64_t most, bool border, Visit&& visit) {
        const auto rows = scratch_.sieve.clear_large(plane, steps, most, border);
        scratch_.specks.find(plane, rows, steps);
        scratch_.specks.visit([&](const Speck& speck, const SpeckRun& first, const SpeckRun& run) {
            if (speck.area <= most && !(border && speck.touches_border)) visit(first, run);
        });
    }

    void paint(const SpeckRun& run, std::uint64_t bytes) {
        for (std::uint32_t x = run.begin; x < run.end; ++x)
            std::memcpy(pixel(run.y, x), &bytes, mask_.dtype.bytes);
    }

    // A hole takes the value to the left of its first pixel, which is foreground.
    void fill() {
        BitPlane& outside = copy_foreground();
        outside.complement();
        const std::int64_t most =
            options_.hole_area.value_or(std::numeric_limits<std::int64_t>::max());
        visit_small(outside, dual(options_.steps, 2), most, true,
                    [&](const SpeckRun& first, const SpeckRun& run) {
                        std::uint64_t bytes = 0;
                        std::memcpy(&bytes, pixel(first.y, first.begin - 1), mask_.dtype.bytes);
                        paint(run, bytes);
                    });
    }

    void remove(std::int64_t most) {
        visit_small(copy_foreground(), options_.steps, most, false,
                    [&](const SpeckRun&, const SpeckRun& run) { paint(run, 0); });
    }

    // The second step sees what the first has filled.
    void clean_logits() {
        BitPlane &positive = scratch_.inside, &not_positive = scratch_.outside;
        not_positive.resize(shape_);
        std::int64_t foreground = copy_signs(positive, not_positive);
        if (const std::int64_t most = options_.hole_area.value_or(0); most > 0) {
            const std::uint64_t bytes = float_bytes(filled_logit, mask_.dtype);
            visit_small(not_positive, options_.steps, most, false,
                        [&](const SpeckRun&, const SpeckRun& run) {
                            paint(run, bytes);
                            positive.set(run.y, run.begin, run.end);
                            foreground += run.end - run.begin;
                        });
        }
        if (options_.sprinkle_area > 0) {
            const std::uint64_t bytes = float_bytes(removed_logit, mask_.dtype);
            visit_small(positive, options_.steps, most_sprinkle(options_.sprinkle_area, foreground),
                        false, [&](const SpeckRun&, const SpeckRun& run) { paint(run, bytes); });
        }
    }

    // Copies the mask and finds its signs; how many pixels are above 0.
    std::int64_t copy_signs(BitPlane& positive, BitPlane& not_positive) {
        const Kernels::Signs signs = kernels().signs[runs::width_index(mask_.dtype.bytes)];
        const bool is_readable =
            are_rows_contiguous() && mask_.strides[0] % mask_.dtype.bytes == 0 &&
            reinterpret_cast<std::uintptr_t>(mask_.data) % mask_.dtype.bytes == 0;
        std::size_t foreground = 0;
        const auto read = [&](std::int64_t y, const std::byte* row) {
            foreground += signs(row, static_cast<std::size_t>(shape_.width), positive.row(y),
                                not_positive.row(y));
        };
        copy([&](std::int64_t y) {
            if (is_readable) read(y, given(y));
        });
        for (std::int64_t y = 0; y < shape_.height && !is_readable; ++y) read(y, pixel(y, 0));
        return static_cast<std::int64_t>(foreground);
    }

    const ArrayView& mask_;
    const MaskOptions& options_;
    Shape shape_;
    std::byte* out_;
    Scratch& scratch_;
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
    std::vector<Scratch> scratch(std::min(masks.size(), static_cast<std::size_t>(threads_)));
    run_chunks(threads_, static_cast<std::int64_t>(masks.size()), [&](int thread, std::int64_t i) {
        Mask(masks[static_cast<std::size_t>(i)], options_,
             static_cast<std::byte*>(out) + i * shape.pixels() * masks_.dtype.bytes,
             scratch[static_cast<std::size_t>(thread)])
            .clean();
    });
}

}  // namespace panfuse::labeling

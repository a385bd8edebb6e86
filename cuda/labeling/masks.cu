#include "cuda/labeling/masks.h"

#include <cstdint>
#include <limits>
#include <stdexcept>

#include "cuda/labeling/codes.cuh"
#include "cuda/labeling/holes.h"
#include "cuda/labeling/roots.cuh"
#include "cuda/support/grid.h"
#include "cuda/support/workspace.h"
#include "labeling/signs.h"

namespace panfuse::cuda {
namespace {

constexpr int threads = tile(256, 64);

// An array of any strides, to be read in C order.
struct Source {
    const std::byte* data;
    int rank, bytes;
    std::int64_t size;
    std::int64_t shape[max_rank], strides[max_rank];
};

__global__ void copy_elements(const __grid_constant__ Source source, void* out) {
    const std::int64_t element = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (element >= source.size) return;
    const std::byte* address = source.data;
    std::int64_t index = element;
    for (int axis = source.rank; axis-- > 0; index /= source.shape[axis])
        address += index % source.shape[axis] * source.strides[axis];
    store_raw(out, element, load_raw_unaligned(address, source.bytes), source.bytes);
}

// What is painted: components of up to that many pixels, with a value.
struct Paint {
    enum class With : std::uint8_t { value, left };  // the value left of the first pixel

    std::byte* out;
    int bytes;
    const std::uint32_t* areas;
    std::int64_t most_area;
    With with;
    Word value;
    // For each mask: how many pixels its components have, of which most_sprinkle lets half go.
    // Null: it does not matter.
    const Word* totals;
    bool spares_border;
};

__global__ void paint_roots(const __grid_constant__ Paint paint, Forest forest) {
    const PixelOfThread at(forest);
    if (!at.exists) return;
    const std::int64_t image = at.item * forest.pixels();
    const Pixel root = root_of(forest.parents + image, at.pixel);
    if (root == no_pixel) return;
    const std::uint32_t area = paint.areas[image + root];
    if (paint.spares_border && (area & at_border) != 0) return;
    std::int64_t most = paint.most_area;
    if (paint.totals != nullptr)
        most = labeling::most_sprinkle(most, static_cast<std::int64_t>(paint.totals[at.item]));
    if (static_cast<std::int64_t>(area & ~at_border) > most) return;
    Word value = paint.value;
    if (paint.with == Paint::With::left)
        value = load_raw(paint.out + (image + root - 1) * paint.bytes, paint.bytes);
    store_raw(paint.out, image + at.pixel, value, paint.bytes);
}

__global__ void add_areas(Forest forest, const std::uint32_t* areas, Word* totals) {
    const PixelOfThread at(forest);
    if (!at.exists) return;
    const std::uint32_t area = areas[at.item * forest.pixels() + at.pixel] & ~at_border;
    if (area != 0) atomicAdd(totals + at.item, Word{area});
}

// All masks, as they lie in the output.
class Batch {
  public:
    Batch(const ArrayView& masks, const labeling::MaskOptions& options, std::byte* out,
          const Call& call)
        : masks_(masks), options_(options), out_(out), call_(call) {
        const auto rank = static_cast<std::size_t>(masks.rank);
        shape_.height = masks.shape[rank - 2];
        shape_.width = masks.shape[rank - 1];
        items_ = masks.size() / shape_.pixels();
        const auto size = static_cast<std::uint64_t>(masks.size());
        const Pictures pictures = picture(Pictures::Meaning::foreground);
        const auto areas = workspace_.reserve<std::uint32_t>(size);
        const auto totals = workspace_.reserve<Word>(static_cast<std::uint64_t>(items_));
        workspace_.allocate(call);
        forest_ = new_forest(pictures, call);
        paint_ = {out,  masks.dtype.bytes, workspace_.at(areas), 0, Paint::With::value, 0, nullptr,
                  false};
        areas_ = workspace_.at(areas);
        totals_ = workspace_.at(totals);
    }

    void clean() {
        using Rule = labeling::MaskOptions::Rule;
        using Meaning = Pictures::Meaning;
        copy();
        switch (options_.rule) {
            case Rule::fill_holes:
                find(Meaning::background, labeling::dual(options_.steps, 2));
                paint_.with = Paint::With::left;
                paint_.spares_border = true;
                return paint(options_.hole_area.value_or(std::numeric_limits<std::int64_t>::max()));
            case Rule::remove_small:
                find(Meaning::foreground, options_.steps);
                return paint(options_.least_area - 1);
            case Rule::clean_logits: return clean_logits();
        }
    }

  private:
    Pictures picture(Pictures::Meaning meaning) const {
        return contiguous_pictures(out_, masks_.dtype, items_, shape_, meaning);
    }

    void copy() const {
        Source source{static_cast<const std::byte*>(masks_.data),
                      masks_.rank,
                      masks_.dtype.bytes,
                      masks_.size(),
                      {},
                      {}};
        std::int64_t contiguous = masks_.dtype.bytes;
        bool is_contiguous = true;
        for (auto axis = static_cast<std::size_t>(masks_.rank); axis-- > 0;) {
            source.shape[axis] = masks_.shape[axis];
            source.strides[axis] = masks_.strides[axis];
            is_contiguous &= masks_.shape[axis] == 1 || masks_.strides[axis] == contiguous;
            contiguous *= masks_.shape[axis];
        }
        if (is_contiguous)
            PF_CUDA(cudaMemcpyAsync(out_, masks_.data, static_cast<std::size_t>(contiguous),
                                    cudaMemcpyDeviceToDevice, call_.stream));
        else
            launch(copy_elements, blocks_for(1, source.size, threads), threads, call_.stream,
                   source, out_);
    }

    void find(Pictures::Meaning meaning, int steps) const {
        connect(picture(meaning), steps, forest_, call_);
        flatten(forest_, call_);
        measure(forest_, 2, areas_, call_);
    }

    void paint(std::int64_t most_area) {
        paint_.most_area = most_area;
        launch(paint_roots, blocks_for(items_, forest_.pixels(), threads), threads, call_.stream,
               paint_, forest_);
    }

    // The second step sees what the first has filled.
    void clean_logits() {
        if (options_.hole_area.value_or(0) > 0) {
            find(Pictures::Meaning::not_positive, options_.steps);
            paint_.value = labeling::float_bytes(labeling::filled_logit, masks_.dtype);
            paint(*options_.hole_area);
        }
        if (options_.sprinkle_area > 0) {
            find(Pictures::Meaning::positive, options_.steps);
            PF_CUDA(cudaMemsetAsync(totals_, 0, static_cast<std::size_t>(items_) * sizeof(Word),
                                    call_.stream));
            launch(add_areas, blocks_for(items_, forest_.pixels(), threads), threads, call_.stream,
                   forest_, areas_, totals_);
            paint_.value = labeling::float_bytes(labeling::removed_logit, masks_.dtype);
            paint_.totals = totals_;
            paint(options_.sprinkle_area);
        }
    }

    const ArrayView& masks_;
    const labeling::MaskOptions& options_;
    std::byte* out_;
    Call call_;
    labeling::Shape shape_;
    std::int64_t items_ = 0;
    Workspace workspace_;
    Forest forest_{};
    Paint paint_{};
    std::uint32_t* areas_ = nullptr;
    Word* totals_ = nullptr;
};

}  // namespace

Masks::Masks(const ArrayView& masks, const labeling::MaskOptions& options, const Call& call)
    : masks_(masks), options_(options), call_(call) {
    if (masks.rank < 2) throw std::invalid_argument("masks: expected 2 axes or more");
    if (options.steps < 1 || options.steps > 2)
        throw std::invalid_argument("steps: expected 1 or 2");
}

void Masks::write(void* out) const {
    if (masks_.size() == 0) return;
    const DeviceGuard guard(call_.device);
    Batch(masks_, options_, static_cast<std::byte*>(out), call_).clean();
}

}  // namespace panfuse::cuda

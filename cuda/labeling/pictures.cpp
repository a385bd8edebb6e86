#include "cuda/labeling/pictures.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "labeling/codes.h"

namespace panfuse::cuda {
namespace {

std::uint64_t background_code(std::uint64_t bytes, Dtype dtype) {
    if (dtype.kind != Dtype::Kind::floating) return bytes;
    if (dtype.bytes == 2) return labeling::float_code(static_cast<std::uint16_t>(bytes));
    if (dtype.bytes == 4) return labeling::float_code(static_cast<std::uint32_t>(bytes));
    return labeling::float_code(bytes);
}

void check_size(const labeling::Shape& shape) {
    if (shape.pixels() > most_pixels)
        throw std::length_error("image: expected at most " + std::to_string(most_pixels) +
                                " pixels on a GPU, got " + std::to_string(shape.pixels()));
}

}  // namespace

Pictures pictures_of(const ArrayView& images, const labeling::LabelOptions& options) {
    const int rank = labeling::image_rank(images, options);
    if (rank < 1 || rank > 3)
        throw std::invalid_argument("image: expected 1 to 3 axes, got " + std::to_string(rank));
    if (options.steps < 1 || options.steps > rank)
        throw std::invalid_argument("steps: expected 1 to the image's rank, got " +
                                    std::to_string(options.steps));
    Pictures pictures{};
    pictures.data = static_cast<const std::byte*>(images.data);
    pictures.items = options.batched ? images.shape[0] : 1;
    pictures.item_stride = options.batched ? images.strides[0] : 0;
    std::int64_t* const lengths[] = {&pictures.shape.width, &pictures.shape.height,
                                     &pictures.shape.planes};
    std::int64_t* const strides[] = {&pictures.stride, &pictures.row_stride,
                                     &pictures.plane_stride};
    pictures.dtype = images.dtype;
    const auto is_unaligned = [&](std::uint64_t offset) {
        return offset % images.dtype.bytes != 0;
    };
    pictures.aligned = !is_unaligned(reinterpret_cast<std::uintptr_t>(images.data));
    for (int i = 0; i < images.rank; ++i) {
        const auto axis = static_cast<std::size_t>(images.rank - 1 - i);
        if (images.shape[axis] > 1 &&
            is_unaligned(static_cast<std::uint64_t>(images.strides[axis])))
            pictures.aligned = false;
        if (i >= rank) continue;
        *lengths[i] = images.shape[axis];
        *strides[i] = images.strides[axis];
    }
    check_size(pictures.shape);
    pictures.meaning = options.binary ? Pictures::Meaning::foreground : Pictures::Meaning::values;
    pictures.has_background = options.background.has_value();
    pictures.background = background_code(options.background.value_or(0), images.dtype);
    return pictures;
}

Pictures contiguous_pictures(const void* data, Dtype dtype, std::int64_t items,
                             const labeling::Shape& shape, Pictures::Meaning meaning) {
    check_size(shape);
    Pictures pictures{};
    pictures.data = static_cast<const std::byte*>(data);
    pictures.items = items;
    pictures.shape = shape;
    pictures.stride = dtype.bytes;
    pictures.row_stride = shape.width * pictures.stride;
    pictures.plane_stride = shape.height * pictures.row_stride;
    pictures.item_stride = shape.planes * pictures.plane_stride;
    pictures.dtype = dtype;
    pictures.aligned = true;
    pictures.meaning = meaning;
    pictures.has_background = true;
    return pictures;
}

}  // namespace panfuse::cuda

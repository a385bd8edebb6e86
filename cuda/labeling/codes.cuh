// How kernels read a pixel of an image.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/labeling/pictures.h"
#include "cuda/support/ids.cuh"
#include "cuda/support/launch.h"
#include "labeling/codes.h"

namespace panfuse::cuda {

__device__ inline Word raw_at(const Pictures& pictures, std::int64_t item, std::int64_t z,
                              std::int64_t y, std::int64_t x) {
    const std::byte* const address = pictures.data + item * pictures.item_stride +
                                     z * pictures.plane_stride + y * pictures.row_stride +
                                     x * pictures.stride;
    const int bytes = pictures.dtype.bytes;
    return pictures.aligned ? load_raw(address, bytes) : load_raw_unaligned(address, bytes);
}

__device__ inline Word value_code(Word raw, Dtype dtype) {
    if (dtype.kind == Dtype::Kind::boolean) return raw != 0;
    if (dtype.kind != Dtype::Kind::floating) return raw;
    if (dtype.bytes == 2) return labeling::float_code(static_cast<std::uint16_t>(raw));
    if (dtype.bytes == 4) return labeling::float_code(static_cast<std::uint32_t>(raw));
    return labeling::float_code(static_cast<std::uint64_t>(raw));
}

__device__ inline Word code_of_nan(Dtype dtype) {
    if (dtype.bytes == 2) return labeling::nan_code<std::uint16_t>();
    if (dtype.bytes == 4) return labeling::nan_code<std::uint32_t>();
    return labeling::nan_code<std::uint64_t>();
}

template <class Int>
__device__ Word sign_code(Int bits, Pictures::Meaning meaning) {
    return meaning == Pictures::Meaning::positive ? labeling::is_positive(bits)
                                                  : labeling::is_not_positive(bits);
}

struct Coded {
    Word code;
    bool inside;  // told by the code alone
};

__device__ inline Coded code_at(const Pictures& pictures, std::int64_t item, std::int64_t z,
                                std::int64_t y, std::int64_t x) {
    using Meaning = Pictures::Meaning;
    const Word raw = raw_at(pictures, item, z, y, x);
    const Dtype dtype = pictures.dtype;
    Word code;
    if (pictures.meaning == Meaning::positive || pictures.meaning == Meaning::not_positive) {
        code = dtype.bytes == 2   ? sign_code(static_cast<std::int16_t>(raw), pictures.meaning)
               : dtype.bytes == 4 ? sign_code(static_cast<std::int32_t>(raw), pictures.meaning)
                                  : sign_code(static_cast<std::int64_t>(raw), pictures.meaning);
        return {code, code != 0};
    }
    code = value_code(raw, dtype);
    bool inside = !pictures.has_background || code != pictures.background;
    if (dtype.kind == Dtype::Kind::floating) {
        const Word nan = code_of_nan(dtype);
        inside = inside && code != nan;
        if (!inside) code = nan;
    }
    if (pictures.meaning == Meaning::foreground) return {inside, inside};
    if (pictures.meaning == Meaning::background) return {!inside, !inside};
    return {code, inside};
}

}  // namespace panfuse::cuda

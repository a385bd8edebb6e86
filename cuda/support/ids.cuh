// Ids of any integer dtype as 64-bit words, and the order that those have as numbers.
//
// A raw id holds the element's bytes, zero-extended. With the sign bit of its dtype flipped (where
// it has one) it sorts as the ids do, and its significant bits stay those of the dtype.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/image.h"
#include "support/platform.h"

namespace panfuse::cuda {

using Word = unsigned long long;  // the type that 64-bit atomics take

// `address` is aligned to `bytes`.
PF_HD inline Word load_raw(const void* address, int bytes) {
    switch (bytes) {
        case 1: return *static_cast<const std::uint8_t*>(address);
        case 2: return *static_cast<const std::uint16_t*>(address);
        case 4: return *static_cast<const std::uint32_t*>(address);
        default: return *static_cast<const std::uint64_t*>(address);
    }
}

PF_HD inline Word load_raw_unaligned(const void* address, int bytes) {
    Word raw = 0;
    for (int i = 0; i < bytes; ++i)
        raw |= Word{static_cast<const std::uint8_t*>(address)[i]} << (8 * i);
    return raw;
}

PF_HD inline void store_raw(void* column, std::int64_t row, Word raw, int bytes) {
    switch (bytes) {
        case 1: static_cast<std::uint8_t*>(column)[row] = static_cast<std::uint8_t>(raw); break;
        case 2: static_cast<std::uint16_t*>(column)[row] = static_cast<std::uint16_t>(raw); break;
        case 4: static_cast<std::uint32_t*>(column)[row] = static_cast<std::uint32_t>(raw); break;
        default: static_cast<std::uint64_t*>(column)[row] = raw; break;
    }
}

// The id in `row` of a contiguous, aligned column, in sortable form.
PF_HD inline Word load_sortable(const void* column, std::int64_t row, Dtype dtype) {
    const void* const address = static_cast<const std::byte*>(column) + row * dtype.bytes;
    const Word raw = load_raw(address, dtype.bytes);
    if (dtype.kind == Dtype::Kind::boolean) return raw != 0;
    return raw ^ sign_bit(dtype);
}

PF_HD inline void store_sortable(void* column, std::int64_t row, Word id, Dtype dtype) {
    store_raw(column, row, id ^ sign_bit(dtype), dtype.bytes);
}

// Throws std::invalid_argument, naming `array`, for what is no integer or boolean type.
void check_dtype(Dtype dtype, const char* array);

}  // namespace panfuse::cuda

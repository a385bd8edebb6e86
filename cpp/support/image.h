// Views of arrays that somebody else owns: shape, strides and an element type, no memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "support/platform.h"

namespace panfuse {

// An element type. `boolean` is stored in one byte, any nonzero value being true; `floating` is
// IEEE 754 of 2, 4 or 8 bytes, and `brain_floating` the upper half of a float32: both are only
// taken by ops that say so.
struct Dtype {
    enum class Kind : std::uint8_t {
        boolean,
        signed_integer,
        unsigned_integer,
        floating,
        brain_floating
    };
    Kind kind = Kind::unsigned_integer;
    std::uint8_t bytes = 1;  // 1, 2, 4 or 8

    bool operator==(const Dtype&) const = default;
};

inline bool is_float(Dtype dtype) {
    return dtype.kind == Dtype::Kind::floating || dtype.kind == Dtype::Kind::brain_floating;
}

// What the bytes of an id are to be XORed with to sort, as an unsigned number, as the ids do.
PF_HD inline std::uint64_t sign_bit(Dtype dtype) {
    const bool is_signed = dtype.kind == Dtype::Kind::signed_integer;
    return is_signed ? std::uint64_t{1} << (8 * dtype.bytes - 1) : 0;
}

// The value of an id, of whatever type, as an unsigned number that sorts as the ids do.
using OrderedId = std::uint64_t;

// `raw` holds the element's bytes, zero-extended.
PF_HD inline OrderedId to_ordered(std::uint64_t raw, Dtype dtype) {
    if (dtype.kind == Dtype::Kind::boolean) return raw != 0;
    if (dtype.kind == Dtype::Kind::unsigned_integer) return raw;
    const int unused = 64 - 8 * dtype.bytes;
    const auto value = static_cast<std::int64_t>(raw << unused) >> unused;
    return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}

// The bytes of an ordered id, in the low end of the result.
PF_HD inline std::uint64_t from_ordered(OrderedId id, Dtype dtype) {
    return dtype.kind == Dtype::Kind::signed_integer ? id ^ (std::uint64_t{1} << 63) : id;
}

inline constexpr int max_rank = 32;

// A read-only array of any rank. Strides count bytes and may be zero or negative.
struct ArrayView {
    const void* data = nullptr;
    Dtype dtype;
    int rank = 0;
    std::array<std::int64_t, max_rank> shape{};
    std::array<std::int64_t, max_rank> strides{};

    std::int64_t size() const {
        std::int64_t n = 1;
        for (int axis = 0; axis < rank; ++axis) n *= shape[static_cast<std::size_t>(axis)];
        return n;
    }
};

}  // namespace panfuse

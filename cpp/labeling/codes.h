// Codes: unsigned numbers of an element's width that are equal just where the values are. They are
// made of the bits, so that float16 needs nothing more.
#pragma once

#include <cstdint>

#include "support/platform.h"

namespace panfuse::labeling {

// The bits of a float that is infinite and positive; T is of the float's width, signed or not.
template <class T>
PF_HD constexpr T infinity() {
    return sizeof(T) == 2   ? static_cast<T>(0x7C00)
           : sizeof(T) == 4 ? static_cast<T>(0x7F800000)
                            : static_cast<T>(0x7FF0000000000000);
}

// The code of every NaN, and of the background of an image of floats.
template <class T>
PF_HD constexpr T nan_code() {
    return static_cast<T>(infinity<T>() | infinity<T>() >> 1);
}

// Equal just where the values are, but for NaN.
template <class T>
PF_HD constexpr T float_code(T bits) {
    constexpr T sign = static_cast<T>(T{1} << (8 * sizeof(T) - 1));
    const T size = static_cast<T>(bits & ~sign);
    return size > infinity<T>() ? nan_code<T>() : size == 0 ? T{0} : bits;
}

// A float's bits as an integer: positive numbers are 1 to infinity; -0.0 and all below are negative
// and up to infinity's distance from -0.0. NaN is neither positive nor not.
template <class Int>
PF_HD constexpr bool is_positive(Int bits) {
    return (bits > 0) & (bits <= infinity<Int>());
}

template <class Int>
PF_HD constexpr bool is_not_positive(Int bits) {
    constexpr Int low = static_cast<Int>(Int{1} << (8 * sizeof(Int) - 1));  // -0.0
    return (bits <= static_cast<Int>(low + infinity<Int>())) | (bits == 0);
}

}  // namespace panfuse::labeling

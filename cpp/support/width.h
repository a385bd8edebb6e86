// From the bytes of an element to its type.
#pragma once

#include <cstddef>
#include <cstdint>

namespace panfuse {

// Calls body with a value of the unsigned type of that many bytes.
template <class Body>
auto with_width(std::size_t bytes, Body&& body) {
    switch (bytes) {
        case 1: return body(std::uint8_t{});
        case 2: return body(std::uint16_t{});
        case 4: return body(std::uint32_t{});
        default: return body(std::uint64_t{});
    }
}

}  // namespace panfuse

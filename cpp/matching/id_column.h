// Columns of ids of any dtype, one id at a time.
#pragma once

#include <cstdint>
#include <cstring>

#include "support/image.h"

namespace panfuse::matching {

// Appends ids, given as their bytes in the low end of a number.
class IdWriter {
  public:
    IdWriter(void* data, Dtype dtype) : data_(static_cast<char*>(data)), bytes_(dtype.bytes) {}

    void push(std::uint64_t raw) {
        switch (bytes_) {
            case 1: return put(static_cast<std::uint8_t>(raw));
            case 2: return put(static_cast<std::uint16_t>(raw));
            case 4: return put(static_cast<std::uint32_t>(raw));
            default: return put(raw);
        }
    }

  private:
    template <class T>
    void put(T value) {
        std::memcpy(data_, &value, sizeof value);
        data_ += sizeof value;
    }

    char* data_;
    std::size_t bytes_;
};

class IdReader {
  public:
    IdReader(const void* data, Dtype dtype)
        : data_(static_cast<const char*>(data)), dtype_(dtype) {}

    std::uint64_t raw(std::size_t i) const {
        switch (dtype_.bytes) {
            case 1: return get<std::uint8_t>(i);
            case 2: return get<std::uint16_t>(i);
            case 4: return get<std::uint32_t>(i);
            default: return get<std::uint64_t>(i);
        }
    }

    OrderedId operator[](std::size_t i) const { return to_ordered(raw(i), dtype_); }

  private:
    template <class T>
    std::uint64_t get(std::size_t i) const {
        T value;
        std::memcpy(&value, data_ + i * sizeof value, sizeof value);
        return value;
    }

    const char* data_;
    Dtype dtype_;
};

}  // namespace panfuse::matching

// One piece of device memory for all that a step needs: planned first, then allocated at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "cuda/support/call.h"

namespace panfuse::cuda {

class Workspace {
  public:
    template <class T>
    struct Piece {
        std::size_t offset;
    };

    // `count` elements at an address aligned to 256 bytes.
    template <class T>
    Piece<T> reserve(std::uint64_t count) {
        constexpr std::size_t alignment = 256;
        std::size_t bytes, end;
        if (__builtin_mul_overflow(count, sizeof(T), &bytes) ||
            __builtin_add_overflow(bytes, size_, &end) || end > SIZE_MAX - alignment)
            throw std::bad_alloc();
        const Piece<T> piece{size_};
        size_ = (end + alignment - 1) / alignment * alignment;
        return piece;
    }

    void allocate(const Call& call) {
        memory_ = static_cast<std::byte*>(call.allocate(size_));
        if (memory_ == nullptr && size_ > 0) throw std::bad_alloc();
    }

    std::size_t size() const { return size_; }

    template <class T>
    T* at(Piece<T> piece) const {
        return reinterpret_cast<T*>(memory_ + piece.offset);
    }

  private:
    std::byte* memory_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace panfuse::cuda

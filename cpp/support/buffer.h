// Scratch that is kept from one use to the next: memory that grows, and is not initialised.
#pragma once

#include <cstddef>
#include <memory>

namespace panfuse {

template <class T>
class Buffer {
  public:
    // Room for `n` elements; their values are lost when it moves.
    T* reserve(std::size_t n) {
        if (n > capacity_) {
            memory_.reset();
            capacity_ = 0;
            memory_ = std::make_unique_for_overwrite<T[]>(n);
            capacity_ = n;
        }
        return memory_.get();
    }

    T* data() { return memory_.get(); }
    const T* data() const { return memory_.get(); }

  private:
    std::unique_ptr<T[]> memory_;
    std::size_t capacity_ = 0;
};

}  // namespace panfuse

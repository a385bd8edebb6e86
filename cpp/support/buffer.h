// Scratch that is kept from one use to the next: memory that grows, and is not initialised.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>

namespace panfuse {

// Starts on a cache line, as vectors of 64 bytes want it.
template <class T>
class Buffer {
    static_assert(std::is_trivial_v<T>);
    static constexpr std::align_val_t alignment{64};

  public:
    // Room for `n` elements; their values are lost when it moves.
    T* reserve(std::size_t n) {
        if (n > capacity_) {
            if (n > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T)) throw std::bad_alloc();
            n = std::max(n, capacity_ + capacity_ / 2);  // new memory costs a fault a page
            memory_.reset();
            capacity_ = 0;
            memory_.reset(static_cast<T*>(::operator new(n * sizeof(T), alignment)));
            capacity_ = n;
        }
        return memory_.get();
    }

    T* data() { return memory_.get(); }
    const T* data() const { return memory_.get(); }

  private:
    struct Free {
        void operator()(T* memory) const { ::operator delete(memory, alignment); }
    };

    std::unique_ptr<T, Free> memory_;
    std::size_t capacity_ = 0;
};

}  // namespace panfuse

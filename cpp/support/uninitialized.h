// A vector for scratch of many megabytes: new elements are not written before they are used, and
// its memory comes in large pages where the system has them. (Clearing such memory, and the page
// faults of small pages, cost as much as filling it.)
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace panfuse {

template <class T>
struct UninitializedAllocator : std::allocator<T> {
    template <class U>
    struct rebind {
        using other = UninitializedAllocator<U>;
    };

    T* allocate(std::size_t n) {
        const std::size_t bytes = n * sizeof(T);
        if (bytes < large_page) return std::allocator<T>::allocate(n);
        void* const memory = ::operator new(bytes, std::align_val_t{large_page});
#if defined(__linux__)
        static_cast<void>(madvise(memory, bytes, MADV_HUGEPAGE));  // a wish; refusal does no harm
#endif
        return static_cast<T*>(memory);
    }

    void deallocate(T* memory, std::size_t n) {
        if (n * sizeof(T) < large_page) return std::allocator<T>::deallocate(memory, n);
        ::operator delete(static_cast<void*>(memory), std::align_val_t{large_page});
    }

    template <class U>
    void construct(U* at) {
        ::new (static_cast<void*>(at)) U;
    }

    template <class U, class... Arguments>
    void construct(U* at, Arguments&&... arguments) {
        ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
    }

  private:
    static constexpr std::size_t large_page = std::size_t{2} << 20;
};

template <class T>
using UninitializedVector = std::vector<T, UninitializedAllocator<T>>;

}  // namespace panfuse

// A vector for scratch of many megabytes: new elements are not written before they are used, its
// memory comes in large pages where the system has them, and is kept from call to call. (Clearing
// such memory, and the page faults of small pages, cost as much as filling it.)
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "support/recycled.h"

namespace panfuse {

template <class T>
struct UninitializedAllocator : std::allocator<T> {
    template <class U>
    struct rebind {
        using other = UninitializedAllocator<U>;
    };

    T* allocate(std::size_t n) {
        if (n * sizeof(T) < recycled::least_bytes) return std::allocator<T>::allocate(n);
        return static_cast<T*>(recycled::take(n * sizeof(T)));
    }

    void deallocate(T* memory, std::size_t n) {
        if (n * sizeof(T) < recycled::least_bytes) return std::allocator<T>::deallocate(memory, n);
        recycled::give_back(memory, n * sizeof(T));
    }

    template <class U>
    void construct(U* at) {
        ::new (static_cast<void*>(at)) U;
    }

    template <class U, class... Arguments>
    void construct(U* at, Arguments&&... arguments) {
        ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
    }
};

template <class T>
using UninitializedVector = std::vector<T, UninitializedAllocator<T>>;

}  // namespace panfuse

#include "support/recycled.h"

#include <array>
#include <atomic>
#include <bit>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace panfuse::recycled {
namespace {

constexpr std::size_t large_page = std::size_t{2} << 20;

// What is kept at most: enough for an image of a few million pixels.
constexpr std::size_t most_kept = std::size_t{16} << 20;

constexpr std::align_val_t alignment(std::size_t bytes) {
    constexpr std::size_t cache_line = 64;
    return std::align_val_t{bytes < large_page ? cache_line : large_page};
}

void* allocate(std::size_t bytes) {
    void* const memory = ::operator new(bytes, alignment(bytes));
#if defined(__linux__)
    // A wish; refusal does no harm.
    if (bytes >= large_page) static_cast<void>(madvise(memory, bytes, MADV_HUGEPAGE));
#endif
    return memory;
}

// Free blocks, each the first word of the next, by the power of two that is their size. Whoever
// finds the lock taken does without, so that a process forked while it was does not wait for ever.
class Pool {
  public:
    void* take(std::size_t size) noexcept {
        if (busy_.test_and_set(std::memory_order_acquire)) return nullptr;
        void*& first = free_[index(size)];
        void* const block = first;
        if (block != nullptr) {
            first = *static_cast<void**>(block);
            kept_ -= size;
        }
        busy_.clear(std::memory_order_release);
        return block;
    }

    bool give_back(void* block, std::size_t size) noexcept {
        if (busy_.test_and_set(std::memory_order_acquire)) return false;
        const bool fits = kept_ + size <= most_kept;
        if (fits) {
            void*& first = free_[index(size)];
            *static_cast<void**>(block) = first;
            first = block;
            kept_ += size;
        }
        busy_.clear(std::memory_order_release);
        return fits;
    }

  private:
    static std::size_t index(std::size_t size) {
        return static_cast<std::size_t>(std::countr_zero(size));
    }

    std::atomic_flag busy_;
    std::size_t kept_ = 0;
    std::array<void*, 64> free_{};
};

constinit Pool pool;

// Under AddressSanitizer every block is new, so that it sees what is used too late.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool recycles = false;
#else
constexpr bool recycles = true;
#endif

}  // namespace

void* take(std::size_t bytes) {
    const std::size_t size = std::bit_ceil(bytes);
    void* const kept = recycles && size <= most_kept ? pool.take(size) : nullptr;
    return kept != nullptr ? kept : allocate(size <= most_kept ? size : bytes);
}

void give_back(void* memory, std::size_t bytes) noexcept {
    const std::size_t size = std::bit_ceil(bytes);
    if (recycles && size <= most_kept && pool.give_back(memory, size)) return;
    ::operator delete(memory, alignment(size <= most_kept ? size : bytes));
}

}  // namespace panfuse::recycled

// A stack of one's own to run on, and the switch between two of them.
#pragma once

#include <cstddef>
#include <memory>

#if defined(__SANITIZE_ADDRESS__)
#define PANFUSE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PANFUSE_ASAN 1
#endif
#endif

#if !defined(__x86_64__) || defined(PANFUSE_EMULATOR_UCONTEXT)
#define PANFUSE_FIBER_UCONTEXT 1
#include <ucontext.h>
#endif

namespace panfuse::emulator {

// A saved place to go on from: the scheduler's, or a fiber's.
struct Context {
#ifdef PANFUSE_FIBER_UCONTEXT
    ucontext_t registers;
#else
    void* stack_pointer = nullptr;
#endif
    void* sanitizer_stack = nullptr;
    const void* bottom = nullptr;
    std::size_t size = 0;
};

class Stack {
  public:
    Stack();
    // Makes `context` begin with `entry`, which never returns: it leaves by `switch_to`.
    void begin(Context& context, void (*entry)());

  private:
    std::unique_ptr<std::byte[]> memory_;
};

// `last`: `from` is never gone back to.
void switch_to(Context& from, Context& to, bool last);

// The first call in a fiber, with the context that `switch_to` came from.
void arrived(Context& from);

}  // namespace panfuse::emulator

#include "cuda/emulated/fiber.h"

#include <cstdint>

#ifdef PANFUSE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifndef PANFUSE_FIBER_UCONTEXT
// The callee-saved registers of the System V ABI go to the stack that is left and come from the one
// that is entered. swapcontext would add two system calls, for the signal mask.
extern "C" void panfuse_emulator_switch(void** from, void* to);
asm(R"(
    .text
    .type panfuse_emulator_switch, @function
    .hidden panfuse_emulator_switch
    .globl panfuse_emulator_switch
panfuse_emulator_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size panfuse_emulator_switch, . - panfuse_emulator_switch
)");
#endif

namespace panfuse::emulator {

namespace {

#ifdef PANFUSE_ASAN
constexpr std::size_t stack_bytes = 256 * 1024;
#else
constexpr std::size_t stack_bytes = 64 * 1024;
#endif

}  // namespace

Stack::Stack() : memory_(new std::byte[stack_bytes]) {}

void Stack::begin(Context& context, void (*entry)()) {
    context.sanitizer_stack = nullptr;
    context.bottom = memory_.get();
    context.size = stack_bytes;
#ifdef PANFUSE_ASAN
    // The frames in which the last fiber left for good.
    ASAN_UNPOISON_MEMORY_REGION(memory_.get(), stack_bytes);
#endif
#ifdef PANFUSE_FIBER_UCONTEXT
    getcontext(&context.registers);
    context.registers.uc_stack.ss_sp = memory_.get();
    context.registers.uc_stack.ss_size = stack_bytes;
    context.registers.uc_link = nullptr;
    makecontext(&context.registers, entry, 0);
#else
    // Six registers, the entry, and a null return address for those who walk the stack; a function
    // begins with its return address at 8 modulo 16.
    const auto end =
        reinterpret_cast<std::uintptr_t>(memory_.get() + stack_bytes) & ~std::uintptr_t{15};
    void** const top = reinterpret_cast<void**>(end) - 8;
    for (int i = 0; i < 8; ++i) top[i] = nullptr;
    top[6] = reinterpret_cast<void*>(entry);
    context.stack_pointer = top;
#endif
}

void switch_to(Context& from, Context& to, [[maybe_unused]] bool last) {
#ifdef PANFUSE_ASAN
    __sanitizer_start_switch_fiber(last ? nullptr : &from.sanitizer_stack, to.bottom, to.size);
#endif
#ifdef PANFUSE_FIBER_UCONTEXT
    swapcontext(&from.registers, &to.registers);
#else
    panfuse_emulator_switch(&from.stack_pointer, to.stack_pointer);
#endif
#ifdef PANFUSE_ASAN
    __sanitizer_finish_switch_fiber(from.sanitizer_stack, nullptr, nullptr);
#endif
}

void arrived([[maybe_unused]] Context& from) {
#ifdef PANFUSE_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &from.bottom, &from.size);
#endif
}

}  // namespace panfuse::emulator

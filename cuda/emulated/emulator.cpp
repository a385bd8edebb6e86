#include "cuda/emulated/emulator.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cuda/emulated/fiber.h"

#ifdef PANFUSE_ASAN
#include <sanitizer/asan_interface.h>
#define PANFUSE_FORBID(address, bytes) ASAN_POISON_MEMORY_REGION(address, bytes)
#define PANFUSE_ALLOW(address, bytes) ASAN_UNPOISON_MEMORY_REGION(address, bytes)
#else
#define PANFUSE_FORBID(address, bytes) static_cast<void>(0)
#define PANFUSE_ALLOW(address, bytes) static_cast<void>(0)
#endif

namespace panfuse::emulator {

namespace {

constexpr std::size_t most_shared_bytes = 227 * 1024;  // of one block, on compute capability 9.0
constexpr std::size_t most_threads = 1024;
constexpr int poison = 0xcd;

std::atomic<std::uint64_t> launches{0};
std::atomic<std::int64_t> chosen_seed{-1};

std::uint64_t seed_of_launch() {
    if (const std::int64_t seed = chosen_seed; seed >= 0) return static_cast<std::uint64_t>(seed);
    const char* const text = std::getenv("PANFUSE_EMULATOR_SEED");
    return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

// splitmix64 (Steele, Lea, Flood 2014), kept off the state 0, which stands for "ascending".
std::uint64_t next_random(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15;
    if (state == 0) ++state;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) >> 1;
}

// A full cycle through 0..n-1 that begins anywhere and steps by a number coprime to n.
class Order {
  public:
    Order(std::uint64_t n, std::uint64_t& random) : n_(n) {
        if (random == 0) return;
        first_ = next_random(random) % n;
        do step_ = next_random(random) % n + 1;
        while (std::gcd(step_, n) != 1);
    }
    std::uint64_t operator()(std::uint64_t k) const {
        return static_cast<std::uint64_t>((static_cast<Wide>(k) * step_ + first_) % n_);
    }

  private:
    __extension__ using Wide = unsigned __int128;

    std::uint64_t n_, first_ = 0, step_ = 1;
};

enum class State { fresh, ready, at_warp, at_block, exited };

struct Fiber {
    Thread thread;
    State state;
    const char* barrier;
    std::source_location where;
    Context context;
    std::optional<Stack> stack;
};

struct SharedVariable {
    const void* tag;
    std::byte* memory;
    std::size_t bytes;
};

// Runs the blocks of one launch at a time for one host thread.
class Machine {
  public:
    ~Machine() { PANFUSE_ALLOW(shared_.get(), most_shared_bytes); }

    void run(dim3 grid, dim3 block, std::size_t dynamic_bytes, const std::function<void()>& body);
    void suspend(State state, const char* barrier, std::source_location where);
    void* shared(const void* tag, std::size_t bytes, std::size_t alignment);

    Fiber* running = nullptr;
    std::vector<std::array<std::array<Slot, 32>, 2>> slots;
    std::byte* dynamic = nullptr;

  private:
    static void enter();
    void prepare(dim3 grid, dim3 block);
    void run_block(uint3 index, std::uint64_t& random);
    std::size_t run_threads(std::size_t first, std::size_t last, std::uint64_t& random);
    void resume(Fiber& fiber);
    bool open(std::size_t first, std::size_t last, State state);
    [[noreturn]] void report() const;
    std::string place(const Fiber& fiber) const;
    std::byte* reserve(const void* tag, std::size_t bytes, std::size_t alignment);

    std::vector<Fiber> fibers_;
    std::size_t threads_ = 0;
    std::vector<Stack> stacks_;  // free ones
    Context scheduler_;
    const std::function<void()>* body_ = nullptr;
    std::exception_ptr failure_;

    struct Aligned {
        void operator()(std::byte* memory) const {
            ::operator delete(memory, std::align_val_t{256});
        }
    };
    std::unique_ptr<std::byte, Aligned> shared_{
        static_cast<std::byte*>(::operator new(most_shared_bytes, std::align_val_t{256}))};
    std::vector<SharedVariable> variables_;
    std::size_t shared_bytes_ = 0;
};

thread_local Machine machine;

void Machine::enter() {
    Machine& self = machine;
    arrived(self.scheduler_);
    try {
        (*self.body_)();
    } catch (...) {
        self.failure_ = std::current_exception();
    }
    self.suspend(State::exited, "exit", {});
    std::terminate();
}

void Machine::suspend(State state, const char* barrier, std::source_location where) {
    Fiber& fiber = *running;
    fiber.state = state;
    fiber.barrier = barrier;
    fiber.where = where;
    switch_to(fiber.context, scheduler_, state == State::exited);
}

// A thread takes a stack when it first runs and gives it back when it exits, so that a kernel
// without barriers uses one.
void Machine::resume(Fiber& fiber) {
    if (fiber.state == State::fresh) {
        if (stacks_.empty()) stacks_.emplace_back();
        fiber.stack.emplace(std::move(stacks_.back()));
        stacks_.pop_back();
        fiber.stack->begin(fiber.context, enter);
        fiber.state = State::ready;
    }
    running = &fiber;
    switch_to(scheduler_, fiber.context, false);
    running = nullptr;
    if (fiber.state == State::exited) {
        stacks_.push_back(std::move(*fiber.stack));
        fiber.stack.reset();
    }
}

// Opens the barrier of threads [first, last) once all of them that have not exited stand at it.
bool Machine::open(std::size_t first, std::size_t last, State state) {
    const Fiber* leader = nullptr;
    for (std::size_t i = first; i < last; ++i) {
        const Fiber& fiber = fibers_[i];
        if (fiber.state == State::exited) continue;
        if (fiber.state != state) return false;
        if (leader == nullptr) leader = &fiber;
        if (fiber.where.line() != leader->where.line() || fiber.barrier != leader->barrier)
            return false;
    }
    if (leader == nullptr) return false;
    for (std::size_t i = first; i < last; ++i)
        if (fibers_[i].state == state) fibers_[i].state = State::ready;
    return true;
}

std::string Machine::place(const Fiber& fiber) const {
    const uint3& index = fiber.thread.index;
    return "thread (" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " +
           std::to_string(index.z) + ") waits at " + fiber.barrier + " (" +
           fiber.where.file_name() + ":" + std::to_string(fiber.where.line()) + ")";
}

void Machine::report() const {
    const auto waits = [](const Fiber& fiber) { return fiber.state != State::exited; };
    const auto end = fibers_.begin() + static_cast<std::ptrdiff_t>(threads_);
    const auto one = std::find_if(fibers_.begin(), end, waits);
    const auto other = std::find_if(one, end, [&](const Fiber& fiber) {
        return waits(fiber) &&
               (fiber.barrier != one->barrier || fiber.where.line() != one->where.line());
    });
    const uint3& block = one->thread.block;
    throw std::runtime_error(
        "divergent barrier in block (" + std::to_string(block.x) + ", " + std::to_string(block.y) +
        ", " + std::to_string(block.z) + "): " + place(*one) +
        (other == end ? std::string(", which others passed") : ", " + place(*other)));
}

void Machine::run_block(uint3 index, std::uint64_t& random) {
    for (std::size_t i = 0; i < threads_; ++i) {
        fibers_[i].state = State::fresh;
        fibers_[i].thread.block = index;
        fibers_[i].thread.exchanges = 0;
    }
    for (auto& warp : slots)
        for (auto& parity : warp)
            for (Slot& slot : parity) slot.exchange = 0;
    for (const SharedVariable& variable : variables_)
        std::memset(variable.memory, poison, variable.bytes);

    // Half of the shuffled blocks let each warp run as far ahead of the others as it can.
    const bool ahead = random != 0 && next_random(random) % 2 == 0;
    const std::size_t warps = slots.size();
    for (std::size_t left = threads_; left > 0;) {
        bool moves = false;
        if (ahead) {
            const Order order(warps, random);
            for (std::size_t k = 0; k < warps && !failure_; ++k) {
                const std::size_t first = order(k) * 32;
                const std::size_t last = std::min(first + 32, threads_);
                do left -= run_threads(first, last, random);
                while (!failure_ && open(first, last, State::at_warp));
            }
        } else {
            left -= run_threads(0, threads_, random);
            for (std::size_t first = 0; first < threads_; first += 32)
                moves |= open(first, std::min(first + 32, threads_), State::at_warp);
        }
        if (failure_) return;
        moves |= open(0, threads_, State::at_block);
        if (left > 0 && !moves) report();
    }
}

// Runs those of threads [first, last) that can to where they wait next; returns how many exited.
std::size_t Machine::run_threads(std::size_t first, std::size_t last, std::uint64_t& random) {
    const Order order(last - first, random);
    std::size_t exited = 0;
    for (std::size_t k = 0; k < last - first && !failure_; ++k) {
        Fiber& fiber = fibers_[first + order(k)];
        if (fiber.state != State::fresh && fiber.state != State::ready) continue;
        resume(fiber);
        exited += fiber.state == State::exited;
    }
    return exited;
}

void Machine::prepare(dim3 grid, dim3 block) {
    threads_ = std::size_t{block.x} * block.y * block.z;
    if (fibers_.size() < threads_) fibers_.resize(threads_);
    slots.resize((threads_ + 31) / 32);
    for (std::size_t i = 0; i < threads_; ++i) {
        Thread& thread = fibers_[i].thread;
        const auto t = static_cast<unsigned>(i);
        thread.index = {t % block.x, t / block.x % block.y, t / block.x / block.y};
        thread.block_dim = block;
        thread.grid_dim = grid;
        thread.warp = t / 32;
        thread.lane = t % 32;
    }
}

void Machine::run(dim3 grid, dim3 block, std::size_t dynamic_bytes,
                  const std::function<void()>& body) {
    if (running != nullptr) throw std::runtime_error("a kernel cannot launch a kernel here");
    prepare(grid, block);
    variables_.clear();
    shared_bytes_ = 0;
    PANFUSE_FORBID(shared_.get(), most_shared_bytes);
    dynamic = dynamic_bytes == 0 ? nullptr : reserve(&dynamic, dynamic_bytes, 16);
    body_ = &body;
    std::uint64_t random = seed_of_launch();
    const std::uint64_t blocks = std::uint64_t{grid.x} * grid.y * grid.z;
    const Order order(blocks, random);
    try {
        for (std::uint64_t k = 0; k < blocks; ++k) {
            const std::uint64_t b = order(k);
            run_block(
                {static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y),
                 static_cast<unsigned>(b / grid.x / grid.y)},
                random);
            if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
        }
    } catch (...) {
        // The stacks of threads that will never go on hold whatever these left there.
        for (Fiber& fiber : fibers_) fiber.stack.reset();
        throw;
    }
}

std::byte* Machine::reserve(const void* tag, std::size_t bytes, std::size_t alignment) {
    constexpr std::size_t gap = 32;  // stays forbidden to AddressSanitizer
    const std::size_t offset = (shared_bytes_ + alignment - 1) / alignment * alignment;
    if (bytes > most_shared_bytes || offset > most_shared_bytes - bytes)
        throw std::runtime_error("a block uses more shared memory than a device has");
    std::byte* const memory = shared_.get() + offset;
    PANFUSE_ALLOW(memory, bytes);
    std::memset(memory, poison, bytes);
    shared_bytes_ = std::min(offset + bytes + gap, most_shared_bytes);
    variables_.push_back({tag, memory, bytes});
    return memory;
}

void* Machine::shared(const void* tag, std::size_t bytes, std::size_t alignment) {
    for (const SharedVariable& variable : variables_)
        if (variable.tag == tag) return variable.memory;
    return reserve(tag, bytes, alignment);
}

}  // namespace

void set_seed(unsigned seed) { chosen_seed = seed; }

std::uint64_t launch_count() { return launches; }

cudaError_t run(dim3 grid, dim3 block, std::size_t dynamic_shared_bytes,
                const std::function<void()>& body) {
    const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
    const bool fits = grid.x > 0 && grid.y > 0 && grid.z > 0 && threads > 0 &&
                      block.x <= most_threads && block.y <= most_threads && block.z <= 64 &&
                      threads <= most_threads && grid.x <= 0x7fffffffu && grid.y <= 65535 &&
                      grid.z <= 65535 && dynamic_shared_bytes <= most_shared_bytes;
    if (!fits) return cudaErrorInvalidConfiguration;
    ++launches;
    machine.run(grid, block, dynamic_shared_bytes, body);
    return cudaSuccess;
}

Thread& current() { return machine.running->thread; }

void wait(Scope scope, const char* barrier, std::source_location where) {
    machine.suspend(scope == Scope::warp ? State::at_warp : State::at_block, barrier, where);
}

void* shared(const void* tag, std::size_t bytes, std::size_t alignment) {
    return machine.shared(tag, bytes, alignment);
}

void* dynamic_shared() { return machine.dynamic; }

Slot* slots(unsigned parity) { return machine.slots[machine.running->thread.warp][parity].data(); }

}  // namespace panfuse::emulator

#include "support/parallel.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace panfuse {
namespace {

constexpr std::int64_t paying_work = std::int64_t{1} << 20;  // starting a thread costs about 50 us

int usable_cpus() {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int thread_cap() {
    const char* text = std::getenv("PANFUSE_THREADS");
    if (text == nullptr || *text == '\0') return usable_cpus();
    const std::string value(text);
    int cap = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), cap);
    if (error != std::errc{} || end != value.data() + value.size() || cap < 1)
        throw std::invalid_argument("PANFUSE_THREADS: expected a positive number, got '" + value +
                                    "'");
    return std::min(cap, usable_cpus());
}

}  // namespace

int choose_threads(std::optional<int> asked, std::int64_t work) {
    if (asked) return *asked;
    if (work < paying_work) return 1;
    return static_cast<int>(std::min<std::int64_t>(thread_cap(), 2 * work / paying_work));
}

void run_chunks(int threads, std::int64_t chunks,
                const std::function<void(int, std::int64_t)>& body) {
    const auto workers = static_cast<int>(std::min<std::int64_t>(threads, chunks));
    std::atomic<std::int64_t> next{0};
    std::vector<std::exception_ptr> failures(static_cast<std::size_t>(std::max(workers, 1)));
    const auto work = [&](int thread) {
        try {
            for (std::int64_t chunk;
                 (chunk = next.fetch_add(1, std::memory_order_relaxed)) < chunks;)
                body(thread, chunk);
        } catch (...) {
            failures[static_cast<std::size_t>(thread)] = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> others;
        for (int thread = 1; thread < workers; ++thread) others.emplace_back(work, thread);
        work(0);
    }
    for (const auto& failure : failures)
        if (failure) std::rethrow_exception(failure);
}

}  // namespace panfuse

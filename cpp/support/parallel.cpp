#include "support/parallel.h"

#include <algorithm>
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

void run_threads(int threads, const std::function<void(int)>& body) {
    std::vector<std::exception_ptr> failures(static_cast<std::size_t>(threads));
    const auto guarded = [&](int index) {
        try {
            body(index);
        } catch (...) {
            failures[static_cast<std::size_t>(index)] = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> others;
        others.reserve(static_cast<std::size_t>(threads - 1));
        for (int index = 1; index < threads; ++index) others.emplace_back(guarded, index);
        guarded(0);
    }
    for (const auto& failure : failures)
        if (failure) std::rethrow_exception(failure);
}

}  // namespace panfuse

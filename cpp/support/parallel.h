// Threads: started per call and joined before it returns, so that a forked process finds none.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace panfuse {

// How many threads to use for `work` pixels. A number asked for is honoured; otherwise as many as
// pay, up to the CPUs this process may use and PANFUSE_THREADS (std::invalid_argument if it is not
// a positive number).
int choose_threads(std::optional<int> asked, std::int64_t work);

// Runs body(0) .. body(threads - 1), one on the calling thread; rethrows the first exception.
void run_threads(int threads, const std::function<void(int)>& body);

}  // namespace panfuse

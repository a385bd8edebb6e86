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

// Calls body(thread, chunk) for every chunk in [0, chunks), on at most `threads` threads, of which
// the calling one is the first. A thread takes the next chunk when it is done with one, so its
// chunks ascend, and a thread that starts late (a new one takes 100 us on some machines) does less.
// The first exception is rethrown.
void run_chunks(int threads, std::int64_t chunks,
                const std::function<void(int, std::int64_t)>& body);

}  // namespace panfuse

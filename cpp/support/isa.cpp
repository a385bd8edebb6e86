#include "support/isa.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace panfuse::isa {
namespace {

std::vector<Level> detect() {
    std::vector<Level> levels;
#if defined(PANFUSE_X86)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                      __builtin_cpu_supports("pclmul");
    // Ice Lake and Zen 4 on: the kernels use byte permutes, byte compress and vector popcount.
    const bool avx512 =
        avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
        __builtin_cpu_supports("avx512vpopcntdq");
    if (avx512) levels.push_back(Level::avx512);
    if (avx2) levels.push_back(Level::avx2);
#elif defined(PANFUSE_NEON)
    levels.push_back(Level::neon);
#endif
    levels.push_back(Level::baseline);
    return levels;
}

Level first() {
    const char* forced = std::getenv("PANFUSE_ISA");
    return forced != nullptr && *forced != '\0' ? parse(forced) : available().front();
}

std::atomic<Level>& selected() {
    static std::atomic<Level> level{first()};
    return level;
}

}  // namespace

std::string_view name(Level level) {
    switch (level) {
        case Level::avx512: return "avx512";
        case Level::avx2: return "avx2";
        case Level::neon: return "neon";
        case Level::baseline: break;
    }
    return "baseline";
}

const std::vector<Level>& available() {
    static const std::vector<Level> levels = detect();
    return levels;
}

Level current() { return selected().load(std::memory_order_relaxed); }

void use(Level level) { selected().store(level, std::memory_order_relaxed); }

Level parse(std::string_view wanted) {
    std::string known;
    for (const Level level : available()) {
        if (name(level) == wanted) return level;
        known += known.empty() ? "" : ", ";
        known += name(level);
    }
    throw std::invalid_argument("PANFUSE_ISA: '" + std::string(wanted) +
                                "' is not one of this machine's instruction sets: " + known);
}

}  // namespace panfuse::isa

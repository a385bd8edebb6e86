// Runs a libFuzzer target without clang: mutates inputs, keeps those that reach new code (g++'s
// -fsanitize-coverage=trace-pc), and stops at the first finding of a sanitizer.
//
//   HARNESS -runs=N [-seed=N] [-max_len=N] [-out=FOLDER] SEEDS...
//
// FOLDER takes the inputs that reached new code, and the one that failed.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed);
extern "C" void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t edges = std::size_t{1} << 18;
std::uint8_t seen[edges];
std::size_t seen_count = 0;
std::uintptr_t before = 0;

std::mt19937_64 random_bits;
Input current;
std::string out_folder;

std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_bits() % n); }

void save(const Input& input, const std::string& name) {
    if (out_folder.empty()) return;
    std::ofstream file(std::filesystem::path(out_folder) / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(input.data()),
               static_cast<std::streamsize>(input.size()));
}

void save_failure() { save(current, "failure"); }

// Whether the input reached anything new.
bool run(const Input& input) {
    const std::size_t known = seen_count;
    before = 0;
    current = input;
    // Of its own size, so that a read past its end is seen.
    const std::vector<std::uint8_t> exact(input.begin(), input.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
    return seen_count > known;
}

std::uint8_t interesting() {
    static constexpr std::uint8_t bytes[] = {0,  1,  2,  3,   4,   5,   7,  8,
                                             16, 32, 64, 127, 128, 254, 255};
    return bytes[below(std::size(bytes))];
}

void mutate_once(Input& input, std::size_t most) {
    const std::size_t n = input.size();
    switch (n == 0 ? 5 : below(7)) {
        case 0: input[below(n)] ^= static_cast<std::uint8_t>(1u << below(8)); break;
        case 1: input[below(n)] = static_cast<std::uint8_t>(random_bits()); break;
        case 2: input[below(n)] = interesting(); break;
        case 3: {  // leave a piece out
            const std::size_t at = below(n), length = 1 + below(std::min<std::size_t>(n - at, 16));
            input.erase(input.begin() + static_cast<std::ptrdiff_t>(at),
                        input.begin() + static_cast<std::ptrdiff_t>(at + length));
            break;
        }
        case 4: {  // repeat a piece elsewhere
            const std::size_t at = below(n), length = 1 + below(std::min<std::size_t>(n - at, 32));
            const Input piece(input.begin() + static_cast<std::ptrdiff_t>(at),
                              input.begin() + static_cast<std::ptrdiff_t>(at + length));
            if (n + length <= most)
                input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(n)), piece.begin(),
                             piece.end());
            break;
        }
        case 5:
            if (n < most)
                input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(n + 1)),
                             interesting());
            break;
        default: {  // a number of 32 bits
            const std::size_t at = below(n);
            const auto value = static_cast<std::uint32_t>(random_bits() >> below(64));
            for (std::size_t i = 0; i < 4 && at + i < n; ++i)
                input[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
        }
    }
}

std::vector<Input> read_seeds(const std::vector<std::string>& paths, std::size_t most) {
    std::vector<Input> seeds;
    const auto add = [&](const std::filesystem::path& path) {
        std::ifstream file(path, std::ios::binary);
        Input input((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        if (input.size() <= most) seeds.push_back(std::move(input));
    };
    for (const std::string& path : paths) {
        if (!std::filesystem::is_directory(path)) {
            add(path);
            continue;
        }
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry);
        std::sort(files.begin(), files.end());
        for (const auto& file : files) add(file);
    }
    return seeds;
}

}  // namespace

extern "C" void __sanitizer_cov_trace_pc() {
    const auto at = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
    std::uint8_t& edge = seen[(at ^ before) * 0x9E3779B97F4A7C15 >> 46];
    seen_count += edge == 0;
    edge = 1;
    before = at >> 1;
}

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most) {
    Input input(data, data + size);
    for (std::size_t times = 1 + below(4); times > 0; --times) mutate_once(input, most);
    std::copy(input.begin(), input.end(), data);
    return input.size();
}

int main(int argc, char** argv) {
    std::size_t runs = 100000, most = 4096;
    std::vector<std::string> paths;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const std::string value = argument.substr(argument.find('=') + 1);
        if (argument.starts_with("-runs="))
            runs = std::stoull(value);
        else if (argument.starts_with("-seed="))
            random_bits.seed(std::stoull(value));
        else if (argument.starts_with("-max_len="))
            most = std::stoull(value);
        else if (argument.starts_with("-out="))
            out_folder = value;
        else
            paths.push_back(argument);
    }
    __sanitizer_set_death_callback(save_failure);
    std::vector<Input> corpus = read_seeds(paths, most);
    if (corpus.empty()) {
        std::fprintf(stderr, "no seeds of at most %zu bytes\n", most);
        return 2;
    }
    const std::size_t seeds = corpus.size();
    for (const Input& input : corpus) run(input);
    std::printf("%zu seeds, %zu edges\n", seeds, seen_count);
    std::fflush(stdout);

    using Clock = std::chrono::steady_clock;
    const auto seconds_since = [](Clock::time_point start) {
        return std::chrono::duration<double>(Clock::now() - start).count();
    };
    const auto start = Clock::now();
    double slowest = 0;
    Input input;
    for (std::size_t i = 0; i < runs; ++i) {
        // Half of the time from what was found last.
        const std::size_t newest = std::min<std::size_t>(corpus.size(), 64);
        const std::size_t from =
            below(2) == 0 ? below(corpus.size()) : corpus.size() - newest + below(newest);
        input = corpus[from];
        const std::size_t size = input.size();
        input.resize(most);
        input.resize(LLVMFuzzerCustomMutator(input.data(), size, most,
                                             static_cast<unsigned>(random_bits())));
        const auto begin = Clock::now();
        const bool is_new = run(input);
        slowest = std::max(slowest, seconds_since(begin));
        if (is_new) {
            save(input, "input-" + std::to_string(corpus.size()));
            corpus.push_back(input);
        }
    }
    const double seconds = seconds_since(start);
    std::printf("%zu executions in %.0f s (%.0f a second), the slowest %.1f ms\n", runs, seconds,
                static_cast<double>(runs) / seconds, 1e3 * slowest);
    std::printf("%zu inputs kept, %zu edges, no finding\n", corpus.size() - seeds, seen_count);
}

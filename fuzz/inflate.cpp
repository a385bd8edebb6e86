// The own inflate: two bytes that say how long the output must be, and a raw DEFLATE stream. It
// takes what the library takes, to the same bytes.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/target.h"
#include "png/codec.h"
#include "png/inflate.h"

namespace {

using namespace panfuse;
using panfuse::fuzz::require;

void compare(std::span<const std::uint8_t> stream, std::size_t size) {
    static png::Inflater library;
    static png::OwnInflater own;
    // Of their own size, so that a byte too many is seen.
    std::vector<std::uint8_t> by_library(size), by_own(size);
    const png::InflateResult expected = library(stream, by_library.data(), size);
    const png::InflateResult got = own(stream, by_own.data(), size);
    const bool is_ok = got.status == png::Inflated::ok;
    // libdeflate lets some incomplete codes pass that zlib, and the own inflate, refuse.
    if (is_ok || png::codec_name().starts_with("zlib"))
        require(is_ok == (expected.status == png::Inflated::ok), "one inflate takes the stream");
    if (!is_ok) return;
    require(expected.used == got.used, "the streams end at different bytes");
    require(by_library == by_own, "the outputs differ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::vector<std::uint8_t> stream(data + 2, data + size);
    compare(stream, static_cast<std::size_t>(data[0] << 8 | data[1]));
    return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned) {
    return LLVMFuzzerMutate(data, size, most);
}

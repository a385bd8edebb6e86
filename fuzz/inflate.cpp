// Inflate: two bytes that say how long the output must be, and a raw DEFLATE stream. Every
// instruction set takes what zlib takes, to the same bytes.
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/target.h"
#include "png/inflate.h"
#include "support/isa.h"

namespace {

using namespace panfuse;
using panfuse::fuzz::require;

// How many bytes of the stream zlib uses for an output of just that size; 0 if it refuses.
std::size_t used_by_zlib(std::vector<std::uint8_t> stream, std::vector<std::uint8_t>& out) {
    static z_stream zlib = [] {
        z_stream fresh{};
        require(inflateInit2(&fresh, -MAX_WBITS) == Z_OK, "zlib has no memory");
        return fresh;
    }();
    inflateReset(&zlib);
    const std::size_t size = out.size();
    out.resize(size + 1);  // a byte more, to see whether the stream goes on
    zlib.next_in = stream.data();
    zlib.avail_in = static_cast<uInt>(stream.size());
    zlib.next_out = out.data();
    zlib.avail_out = static_cast<uInt>(out.size());
    const int status = inflate(&zlib, Z_FINISH);
    out.resize(size);
    return status == Z_STREAM_END && zlib.total_out == size ? zlib.total_in : 0;
}

void compare(const std::vector<std::uint8_t>& stream, std::size_t size) {
    static png::Inflater inflate;
    std::vector<std::uint8_t> by_zlib(size);
    const std::size_t expected = used_by_zlib(stream, by_zlib);
    for (const isa::Level level : isa::available()) {
        isa::use(level);
        std::vector<std::uint8_t> out(size);  // of its own size, so that a byte too many is seen
        const png::InflateResult got = inflate(stream, out.data(), size);
        require((got.status == png::Inflated::ok) == (expected > 0),
                "one inflate takes the stream");
        if (expected == 0) continue;
        require(expected == got.used, "the streams end at different bytes");
        require(by_zlib == out, "the outputs differ");
    }
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

#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>

#include "png/codec.h"

namespace panfuse::png {
namespace {

// zlib counts what it is given at a time in 32 bits.
uInt piece(std::size_t left) {
    return static_cast<uInt>(std::min<std::size_t>(left, std::size_t{1} << 30));
}

template <class Update>
std::uint32_t checksum(Update update, std::uint32_t start, std::span<const std::uint8_t> bytes) {
    uLong sum = start;
    while (!bytes.empty()) {
        const uInt n = piece(bytes.size());
        sum = update(sum, bytes.data(), n);
        bytes = bytes.subspan(n);
    }
    return static_cast<std::uint32_t>(sum);
}

}  // namespace

struct Inflater::State {
    State() {
        if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { inflateEnd(&stream); }

    z_stream stream{};
};

Inflater::Inflater() : state_(std::make_unique<State>()) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

InflateResult Inflater::operator()(std::span<const std::uint8_t> in, std::uint8_t* out,
                                   std::size_t n) {
    z_stream& stream = state_->stream;
    inflateReset(&stream);
    std::size_t used = 0, made = 0;
    std::uint8_t beyond = 0;  // one byte more than the output, to see whether the stream goes on
    for (;;) {
        const bool full = made == n;
        stream.next_in = in.data() + used;
        stream.avail_in = piece(in.size() - used);
        stream.next_out = full ? &beyond : out + made;
        stream.avail_out = full ? 1 : piece(n - made);
        const uInt given = stream.avail_in, room = stream.avail_out;
        const int status = inflate(&stream, Z_NO_FLUSH);
        used += given - stream.avail_in;
        if (room != stream.avail_out && full) return {Inflated::long_output, 0};
        made += room - stream.avail_out;
        if (status == Z_STREAM_END)
            return made == n ? InflateResult{Inflated::ok, used}
                             : InflateResult{Inflated::short_output, 0};
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        const bool stuck = given == stream.avail_in && room == stream.avail_out;
        if (status != Z_OK || stuck) return {Inflated::corrupt, 0};
    }
}

std::string codec_name() { return std::string("zlib ") + zlibVersion(); }

bool can_compress() { return true; }

std::vector<std::uint8_t> compress(std::span<const std::uint8_t> in) {
    if (in.size() > std::numeric_limits<uLong>::max())
        throw std::length_error("too many bytes for zlib");
    uLongf size = compressBound(static_cast<uLong>(in.size()));
    std::vector<std::uint8_t> out(size);
    if (compress2(out.data(), &size, in.data(), static_cast<uLong>(in.size()),
                  Z_DEFAULT_COMPRESSION) != Z_OK)
        throw std::bad_alloc();
    out.resize(size);
    return out;
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
    return checksum([](uLong sum, const Bytef* p, uInt n) { return ::crc32(sum, p, n); }, 0, bytes);
}

std::uint32_t adler32(std::span<const std::uint8_t> bytes) {
    return checksum([](uLong sum, const Bytef* p, uInt n) { return ::adler32(sum, p, n); }, 1,
                    bytes);
}

}  // namespace panfuse::png

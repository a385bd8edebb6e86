#include "png/zlib_stream.h"

#include <string>

#include "png/big_endian.h"
#include "png/checksum.h"
#include "support/error.h"

namespace panfuse::png {
namespace {

constexpr std::size_t header_bytes = 2, checksum_bytes = 4;

void check_header(std::uint8_t method, std::uint8_t flags) {
    const bool known = (method & 0x0F) == 8 && method >> 4 <= 7;
    const bool has_dictionary = (flags & 0x20) != 0;
    if (!known || (method << 8 | flags) % 31 != 0 || has_dictionary)
        throw FormatError("image data: no zlib stream of PNG's");
}

}  // namespace

void inflate_zlib(Inflater& inflater, std::span<const std::uint8_t> stream, std::uint8_t* out,
                  std::size_t n) {
    if (stream.size() < header_bytes + checksum_bytes)
        throw FormatError("image data: " + std::to_string(stream.size()) +
                          " bytes are no zlib stream");
    check_header(stream[0], stream[1]);
    stream = stream.subspan(header_bytes);
    const auto [status, used] = inflater(stream.first(stream.size() - checksum_bytes), out, n);
    switch (status) {
        case Inflated::ok: break;
        case Inflated::corrupt:
            throw FormatError("image data: the compressed stream is corrupt or cut off");
        case Inflated::short_output:
            throw FormatError("image data: too little, the image takes " + std::to_string(n) +
                              " bytes");
        case Inflated::long_output:
            throw FormatError("image data: too much, the image takes " + std::to_string(n) +
                              " bytes");
    }
    stream = stream.subspan(used);
    if (stream.size() > checksum_bytes)
        throw FormatError("image data: " + std::to_string(stream.size() - checksum_bytes) +
                          " bytes after the compressed stream");
    if (adler32({out, n}) != load_big_endian(stream.data()))
        throw FormatError("image data: the Adler-32 is wrong");
}

}  // namespace panfuse::png

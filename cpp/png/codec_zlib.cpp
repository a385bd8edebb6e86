#include <zlib.h>

#include <limits>
#include <new>
#include <stdexcept>

#include "png/codec.h"

namespace panfuse::png {
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

}  // namespace panfuse::png

#include <libdeflate.h>

#include <memory>
#include <new>

#include "png/codec.h"

namespace panfuse::png {
namespace {

// The first whose files are no larger than Pillow's, one by one; those above take twice the time
// and save nothing.
constexpr int level = 7;

struct FreeCompressor {
    void operator()(libdeflate_compressor* p) const { libdeflate_free_compressor(p); }
};

}  // namespace

std::string codec_name() { return "libdeflate " LIBDEFLATE_VERSION_STRING; }

bool can_compress() { return true; }

std::vector<std::uint8_t> compress(std::span<const std::uint8_t> in) {
    const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
        libdeflate_alloc_compressor(level));
    if (!compressor) throw std::bad_alloc();
    std::vector<std::uint8_t> out(libdeflate_zlib_compress_bound(compressor.get(), in.size()));
    out.resize(
        libdeflate_zlib_compress(compressor.get(), in.data(), in.size(), out.data(), out.size()));
    return out;
}

}  // namespace panfuse::png

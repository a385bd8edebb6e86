#include <libdeflate.h>

#include <new>

#include "png/codec.h"

namespace panfuse::png {
namespace {

// The first whose files are no larger than Pillow's, one by one; those above take twice the time
// and save nothing.
constexpr int level = 7;

struct FreeDecompressor {
    void operator()(libdeflate_decompressor* p) const { libdeflate_free_decompressor(p); }
};

struct FreeCompressor {
    void operator()(libdeflate_compressor* p) const { libdeflate_free_compressor(p); }
};

}  // namespace

struct Inflater::State {
    std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor;
};

Inflater::Inflater() : state_(std::make_unique<State>()) {
    state_->decompressor.reset(libdeflate_alloc_decompressor());
    if (!state_->decompressor) throw std::bad_alloc();
}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

InflateResult Inflater::operator()(std::span<const std::uint8_t> in, std::uint8_t* out,
                                   std::size_t n) {
    std::size_t used = 0;
    // Without a place for the output's length, a short output is an error.
    switch (libdeflate_deflate_decompress_ex(state_->decompressor.get(), in.data(), in.size(), out,
                                             n, &used, nullptr)) {
        case LIBDEFLATE_SUCCESS: return {Inflated::ok, used};
        case LIBDEFLATE_SHORT_OUTPUT: return {Inflated::short_output, 0};
        case LIBDEFLATE_INSUFFICIENT_SPACE: return {Inflated::long_output, 0};
        default: return {Inflated::corrupt, 0};
    }
}

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

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
    return libdeflate_crc32(0, bytes.data(), bytes.size());
}

std::uint32_t adler32(std::span<const std::uint8_t> bytes) {
    return libdeflate_adler32(1, bytes.data(), bytes.size());
}

}  // namespace panfuse::png

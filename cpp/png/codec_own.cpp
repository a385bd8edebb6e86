#include <stdexcept>

#include "png/checksum.h"
#include "png/codec.h"

namespace panfuse::png {

struct Inflater::State {
    OwnInflater inflate;
};

Inflater::Inflater() : state_(std::make_unique<State>()) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

InflateResult Inflater::operator()(std::span<const std::uint8_t> in, std::uint8_t* out,
                                   std::size_t n) {
    return state_->inflate(in, out, n);
}

std::string codec_name() { return "own inflate, Python zlib"; }

bool can_compress() { return false; }

std::vector<std::uint8_t> compress(std::span<const std::uint8_t>) {
    throw std::logic_error("panfuse was built without a library that compresses");
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes) { return own_crc32(bytes); }

std::uint32_t adler32(std::span<const std::uint8_t> bytes) { return own_adler32(bytes); }

}  // namespace panfuse::png

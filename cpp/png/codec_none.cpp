#include <stdexcept>

#include "png/codec.h"

namespace panfuse::png {

std::string codec_name() { return "Python's zlib"; }

bool can_compress() { return false; }

std::vector<std::uint8_t> compress(std::span<const std::uint8_t>) {
    throw std::logic_error("panfuse was built without a library that compresses");
}

}  // namespace panfuse::png

// What compresses and decompresses: libdeflate or zlib, whichever the build found, else our own
// inflate. One codec_*.cpp is built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "png/inflate.h"

namespace panfuse::png {

// The library and its version.
std::string codec_name();

// Decompresses raw DEFLATE streams (RFC 1951), keeping its scratch from one to the next.
class Inflater {
  public:
    Inflater();
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;
    ~Inflater();

    // A stream whose output must be `n` bytes.
    InflateResult operator()(std::span<const std::uint8_t> in, std::uint8_t* out, std::size_t n);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// Whether `compress` can be called: our own codec does not compress.
bool can_compress();

// A zlib stream (RFC 1950) at the level that pays for label maps.
std::vector<std::uint8_t> compress(std::span<const std::uint8_t> in);

std::uint32_t crc32(std::span<const std::uint8_t> bytes);
std::uint32_t adler32(std::span<const std::uint8_t> bytes);

}  // namespace panfuse::png

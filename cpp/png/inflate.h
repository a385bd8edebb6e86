// Decompression of DEFLATE streams, made for label maps: long matches, most of them zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace panfuse::png {

enum class Inflated : std::uint8_t {
    ok,
    corrupt,       // no DEFLATE stream, or one that is cut off
    short_output,  // it ends before the output is full
    long_output,   // it goes on
};

struct InflateResult {
    Inflated status = Inflated::corrupt;
    std::size_t used = 0;  // bytes of the stream, if ok
};

// The tables of a DEFLATE block's two codes.
struct InflateTables;

class Inflater {
  public:
    Inflater();
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;
    ~Inflater();

    // Decompresses a raw DEFLATE stream (RFC 1951) whose output must be `n` bytes. Touches nothing
    // but in[0, size) and out[0, n), whatever the stream; what is in `out` after a failure means
    // nothing. Refuses what zlib refuses.
    InflateResult operator()(std::span<const std::uint8_t> in, std::uint8_t* out, std::size_t n);

  private:
    std::unique_ptr<InflateTables> tables_;
};

}  // namespace panfuse::png

#include "rle/brush.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "rle/spans.h"

namespace panfuse::rle {
namespace {

constexpr unsigned word_bits = 8;
constexpr unsigned length_bits[] = {3, 4, 8, 16};

class BitWriter {
  public:
    void write(std::uint64_t value, unsigned bits) {
        while (bits > 0) {
            if (used_ == 0) bytes_.push_back(0);
            const unsigned part = std::min(bits, 8 - used_);
            const std::uint64_t top = value >> (bits - part) & ((1u << part) - 1);
            bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | top << (8 - used_ - part));
            used_ = (used_ + part) % 8;
            bits -= part;
        }
    }

    std::vector<std::uint8_t> finish() {
        if (used_ == 0) bytes_.push_back(0);
        return std::move(bytes_);
    }

  private:
    std::vector<std::uint8_t> bytes_;
    unsigned used_ = 0;  // bits of the last byte
};

class BitReader {
  public:
    explicit BitReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::uint64_t read(unsigned bits) {
        if (bits > 8 * bytes_.size() - at_)
            throw std::invalid_argument("the stream ends at bit " + std::to_string(at_) +
                                        ", within what it says it holds");
        std::uint64_t value = 0;
        for (; bits > 0; --bits, ++at_)
            value = value << 1 | (bytes_[at_ / 8] >> (7 - at_ % 8) & 1u);
        return value;
    }

  private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
};

}  // namespace

std::vector<std::uint8_t> pack_brush(Runs rows) {
    std::uint64_t values = 0;
    for (const std::uint32_t count : rows) values += std::uint64_t{4} * count;
    if (values >> 32 != 0)
        throw std::invalid_argument(
            "the mask has 2^30 pixels or more, which the format cannot say");
    BitWriter out;
    out.write(values, 32);
    out.write(word_bits - 1, 5);
    for (const unsigned bits : length_bits) out.write(bits - 1, 4);
    for (std::size_t run = 0; run < rows.size(); ++run) {
        std::uint64_t left = std::uint64_t{4} * rows[run];
        const bool is_long = left > 256;
        while (left > 0) {
            const std::uint64_t part = std::min<std::uint64_t>(left, 65536);
            const unsigned kind = is_long ? 3 : part > 16 ? 2 : part > 8 ? 1 : 0;
            out.write(1, 1);
            out.write(kind, 2);
            out.write(part - 1, length_bits[kind]);
            out.write(run % 2 == 1 ? 255 : 0, word_bits);
            left -= part;
        }
    }
    return out.finish();
}

void unpack_brush(std::span<const std::uint8_t> stream, Size size, Counts& counts) {
    BitReader in(stream);
    const auto pixels = static_cast<std::uint64_t>(size.pixels());
    const std::uint64_t values = in.read(32);
    if (values != 4 * pixels)
        throw std::invalid_argument("the stream holds " + std::to_string(values) +
                                    " values, where an image of that size has " +
                                    std::to_string(4 * pixels));
    const auto bits = static_cast<unsigned>(in.read(5)) + 1;
    unsigned lengths[4];
    for (unsigned& length : lengths) length = static_cast<unsigned>(in.read(4)) + 1;
    CountWriter writer(counts);
    for (std::uint64_t at = 0; at < values;) {
        const bool is_run = in.read(1) == 1;
        const std::uint64_t stop = at + 1 + in.read(lengths[in.read(2)]);
        if (stop > values)
            throw std::invalid_argument("a run goes on to value " + std::to_string(stop) + " of " +
                                        std::to_string(values));
        while (at < stop) {
            const std::uint64_t end = is_run ? stop : at + 1;
            if (in.read(bits) != 0)
                writer.put(static_cast<std::uint32_t>(at / 4),
                           static_cast<std::uint32_t>(end / 4));  // alpha is every fourth value
            at = end;
        }
    }
    writer.finish(pixels_of(size));
}

}  // namespace panfuse::rle

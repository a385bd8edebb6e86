#include "png/chunks.h"

#include <algorithm>
#include <array>
#include <string>

#include "png/big_endian.h"
#include "png/checksum.h"
#include "support/error.h"

namespace panfuse::png {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::array<std::uint8_t, 8> signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
constexpr std::size_t frame = 12;  // bytes of a chunk beside its data: length, type, checksum

constexpr std::uint32_t type_of(const char (&name)[5]) {
    std::uint32_t type = 0;
    for (int i = 0; i < 4; ++i) type = type << 8 | static_cast<std::uint8_t>(name[i]);
    return type;
}

struct Chunk {
    std::uint32_t type = 0;
    Bytes data;
    std::size_t at = 0;  // bytes from the start of the file

    // "IDAT at byte 33", or the type's bytes where they are no letters.
    std::string text() const {
        std::string name;
        for (int shift = 24; shift >= 0; shift -= 8) {
            const auto letter = static_cast<std::uint8_t>(type >> shift);
            if (is_letter(letter))
                name += static_cast<char>(letter);
            else
                name += "\\x" + std::string{"0123456789abcdef"[letter >> 4]} +
                        "0123456789abcdef"[letter & 15];
        }
        return name + " at byte " + std::to_string(at);
    }

    static bool is_letter(std::uint8_t byte) {
        return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    }

    bool has_type() const {
        for (int shift = 24; shift >= 0; shift -= 8)
            if (!is_letter(static_cast<std::uint8_t>(type >> shift))) return false;
        return true;
    }

    // Chunks that a reader may skip have a small first letter.
    bool is_ancillary() const { return (type >> 24 & 0x20) != 0; }
};

[[noreturn]] void fail(const Chunk& chunk, const std::string& what) {
    throw FormatError(chunk.text() + ": " + what);
}

Chunk next_chunk(Bytes file, std::size_t at) {
    if (file.size() - at < frame)
        throw FormatError("the file ends after " + std::to_string(file.size()) +
                          " bytes, without a whole IEND");
    const std::uint32_t length = load_big_endian(&file[at]);
    Chunk chunk{load_big_endian(&file[at + 4]), {}, at};
    if (!chunk.has_type()) fail(chunk, "no chunk has such a type");
    if (length > 0x7FFFFFFF)
        fail(chunk, "claims " + std::to_string(length) + " bytes, more than PNG's 2147483647");
    if (length > file.size() - at - frame)
        fail(chunk, "claims " + std::to_string(length) + " bytes, but the file has " +
                        std::to_string(file.size() - at - frame) + " for it");
    chunk.data = file.subspan(at + 8, length);
    // The checksum is over the type and the data.
    if (crc32(file.subspan(at + 4, 4 + length)) != load_big_endian(&file[at + 8 + length]))
        fail(chunk, "the CRC is wrong");
    return chunk;
}

class Walk {
  public:
    explicit Walk(Chunks& chunks) : chunks_(chunks) {}

    // False after the last chunk.
    bool take(const Chunk& chunk) {
        if (!seen_header_ && chunk.type != type_of("IHDR")) fail(chunk, "expected IHDR first");
        if (chunk.type != type_of("IDAT") && !chunks_.data.empty()) data_over_ = true;
        switch (chunk.type) {
            case type_of("IHDR"): header(chunk); return true;
            case type_of("PLTE"): palette(chunk); return true;
            case type_of("IDAT"): data(chunk); return true;
            case type_of("IEND"): end(chunk); return false;
            default:
                if (!chunk.is_ancillary()) fail(chunk, "an unknown chunk that must not be skipped");
                return true;
        }
    }

  private:
    void header(const Chunk& chunk) {
        if (seen_header_) fail(chunk, "a second IHDR");
        seen_header_ = true;
        chunks_.header = parse_header(chunk.data);
    }

    void palette(const Chunk& chunk) {
        if (seen_palette_) fail(chunk, "a second palette");
        if (!chunks_.data.empty()) fail(chunk, "the palette stands after IDAT");
        if (chunks_.header.color == Color::gray) fail(chunk, "a palette in a gray image");
        const std::size_t length = chunk.data.size();
        const bool by_index = chunks_.header.color == Color::palette;
        const std::size_t most = std::size_t{1} << (by_index ? chunks_.header.depth : 8);
        if (length == 0 || length % 3 != 0 || length / 3 > most)
            fail(chunk, "expected 1 to " + std::to_string(most) + " colors of 3 bytes, got " +
                            std::to_string(length) + " bytes");
        seen_palette_ = true;
    }

    void data(const Chunk& chunk) {
        if (data_over_) fail(chunk, "stands apart from the IDAT before it");
        if (chunks_.header.color == Color::palette && !seen_palette_)
            fail(chunk, "the palette (PLTE) is missing");
        chunks_.data.push_back(chunk.data);
    }

    void end(const Chunk& chunk) {
        if (!chunk.data.empty())
            fail(chunk, "expected 0 bytes, got " + std::to_string(chunk.data.size()));
        if (chunks_.data.empty()) fail(chunk, "no IDAT before it");
    }

    Chunks& chunks_;
    bool seen_header_ = false, seen_palette_ = false, data_over_ = false;
};

}  // namespace

std::uint64_t Chunks::data_bytes() const {
    std::uint64_t total = 0;
    for (const Bytes part : data) total += part.size();
    return total;
}

void parse_chunks(Bytes file, Chunks& chunks) {
    chunks.data.clear();
    const std::size_t known = std::min(file.size(), signature.size());
    if (!std::equal(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(known),
                    signature.begin()))
        throw FormatError("no PNG file: the signature is missing");
    if (known < signature.size())
        throw FormatError("the file ends after " + std::to_string(known) +
                          " bytes, within the signature");
    Walk walk(chunks);
    for (std::size_t at = signature.size();;) {
        const Chunk chunk = next_chunk(file, at);
        at += frame + chunk.data.size();
        if (walk.take(chunk)) continue;
        if (at != file.size())
            throw FormatError(std::to_string(file.size() - at) + " bytes after IEND, its end");
        return;
    }
}

}  // namespace panfuse::png

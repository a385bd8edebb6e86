// The PNG reader: whatever the bytes, it decodes or throws FormatError, and every instruction set
// gives the same rows.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "fuzz/target.h"
#include "png/big_endian.h"
#include "png/checksum.h"
#include "png/chunks.h"
#include "png/inflate.h"
#include "png/row_decoder.h"
#include "runs/scanner.h"
#include "support/error.h"
#include "support/isa.h"

namespace {

using namespace panfuse;
using panfuse::fuzz::require;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t most_pixels = 1 << 18;

struct Rows {
    std::vector<std::uint32_t> ids;
    std::vector<std::uint64_t> changes;

    bool operator==(const Rows&) const = default;
};

// Kept over all inputs, as a thread of `evaluate` keeps its own.
png::RowDecoder decoder;

std::optional<Rows> decode(std::span<const std::uint8_t> file) {
    try {
        decoder.open(file, "input", most_pixels);
    } catch (const FormatError&) {
        return std::nullopt;
    }
    Rows rows;
    const std::size_t width = decoder.width();
    for (std::size_t y = 0; y < decoder.height(); ++y) {
        decoder.next();
        rows.ids.insert(rows.ids.end(), decoder.ids(), decoder.ids() + width);
        rows.changes.insert(rows.changes.end(), decoder.changes(),
                            decoder.changes() + runs::words(width));
        for (std::size_t x = 0; x < runs::words(width) * 64; ++x) {
            const bool bit = (decoder.changes()[x / 64] >> x % 64 & 1) != 0;
            const bool change = x < width && (x == 0 || decoder.ids()[x] != decoder.ids()[x - 1]);
            require(bit == change, "a change is not where it is said to be");
        }
    }
    return rows;
}

Bytes stream_of(const png::Chunks& chunks) {
    Bytes stream;
    for (const auto part : chunks.data) stream.insert(stream.end(), part.begin(), part.end());
    return stream;
}

// Chunks as far as their lengths go.
struct Chunk {
    Bytes type_and_data;
};

std::vector<Chunk> split(std::span<const std::uint8_t> file) {
    std::vector<Chunk> chunks;
    for (std::size_t at = 8; at + 12 <= file.size();) {
        const std::size_t length =
            std::min<std::size_t>(png::load_big_endian(&file[at]), file.size() - at - 12);
        chunks.push_back({Bytes(file.begin() + static_cast<std::ptrdiff_t>(at + 4),
                                file.begin() + static_cast<std::ptrdiff_t>(at + 8 + length))});
        at += 12 + length;
    }
    return chunks;
}

// The file again, with lengths and checksums that fit.
Bytes joined(std::span<const std::uint8_t> file, const std::vector<Chunk>& chunks) {
    Bytes result(file.begin(), file.begin() + std::min<std::ptrdiff_t>(8, std::ssize(file)));
    for (const auto& [bytes] : chunks) {
        std::uint8_t number[4];
        png::store_big_endian(static_cast<std::uint32_t>(bytes.size() - 4), number);
        result.insert(result.end(), number, number + 4);
        result.insert(result.end(), bytes.begin(), bytes.end());
        png::store_big_endian(png::crc32(bytes), number);
        result.insert(result.end(), number, number + 4);
    }
    return result;
}

// Replaces the image data by other lines, in stored blocks.
Bytes with_lines(std::span<const std::uint8_t> file, std::span<const std::uint8_t> lines) {
    Bytes stream{'I', 'D', 'A', 'T', 0x78, 0x01};
    constexpr std::size_t most = 65535;
    for (std::size_t at = 0; at == 0 || at < lines.size(); at += most) {
        const std::size_t n = std::min(most, lines.size() - at);
        const auto low = static_cast<std::uint8_t>(n), high = static_cast<std::uint8_t>(n >> 8);
        const auto last = static_cast<std::uint8_t>(at + n == lines.size());
        stream.insert(stream.end(), {last, low, high, static_cast<std::uint8_t>(~low),
                                     static_cast<std::uint8_t>(~high)});
        const auto block = lines.subspan(at, n);
        stream.insert(stream.end(), block.begin(), block.end());
    }
    std::uint8_t number[4];
    png::store_big_endian(png::adler32(lines), number);
    stream.insert(stream.end(), number, number + 4);
    std::vector<Chunk> chunks;
    bool placed = false;
    for (Chunk& chunk : split(file)) {
        const bool is_data =
            std::equal(stream.begin(), stream.begin() + 4, chunk.type_and_data.begin());
        if (!is_data) chunks.push_back(std::move(chunk));
        if (is_data && !placed) {
            chunks.push_back({stream});
            placed = true;
        }
    }
    return joined(file, chunks);
}

Bytes mutated(Bytes bytes, std::size_t most) {
    const std::size_t size = bytes.size();
    bytes.resize(std::max(most, size));
    bytes.resize(LLVMFuzzerMutate(bytes.data(), size, bytes.size()));
    return bytes;
}

// Mutates what is behind the compression; the file as it is if that cannot be had.
Bytes with_mutated_lines(std::span<const std::uint8_t> file, std::size_t most, bool keep_size) {
    png::Chunks chunks;
    try {
        png::parse_chunks(file, chunks);
    } catch (const FormatError&) {
        return {file.begin(), file.end()};
    }
    const std::uint64_t size = chunks.header.filtered_bytes();
    const Bytes stream = stream_of(chunks);
    Bytes lines(std::min<std::uint64_t>(size, most));
    png::Inflater own;
    if (size > most || stream.size() < 6 ||
        own(std::span(stream).subspan(2), lines.data(), size).status != png::Inflated::ok)
        return {file.begin(), file.end()};
    lines = mutated(std::move(lines), most);
    if (keep_size) lines.resize(size);
    return with_lines(file, lines);
}

Bytes with_moved_chunks(std::span<const std::uint8_t> file, std::minstd_rand& random) {
    std::vector<Chunk> chunks = split(file);
    if (chunks.empty()) return {file.begin(), file.end()};
    const auto at = [&] {
        return chunks.begin() + static_cast<std::ptrdiff_t>(random() % chunks.size());
    };
    switch (random() % 4) {
        case 0: chunks.erase(at()); break;
        case 1: {
            const Chunk copy = *at();
            chunks.insert(at(), copy);
            break;
        }
        case 2: std::iter_swap(at(), at()); break;
        default: {  // in two
            const auto whole = at();
            Chunk second = *whole;
            const std::size_t cut = 4 + random() % (whole->type_and_data.size() - 3);
            second.type_and_data.erase(
                second.type_and_data.begin() + 4,
                second.type_and_data.begin() + static_cast<std::ptrdiff_t>(cut));
            whole->type_and_data.resize(cut);
            chunks.insert(whole + 1, second);
        }
    }
    return joined(file, chunks);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span file(data, size);
    std::optional<Rows> first;
    for (const isa::Level level : isa::available()) {
        isa::use(level);
        std::optional<Rows> rows = decode(file);
        if (level == isa::available().front())
            first = std::move(rows);
        else
            require(rows == first, "instruction sets differ");
    }
    return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
    std::minstd_rand random(seed);
    const std::span file(data, size);
    Bytes result;
    switch (random() % 8) {
        case 0: result = mutated({file.begin(), file.end()}, most); break;
        case 1:
        case 2:
        case 3: {  // with checksums that fit
            const Bytes damaged = mutated({file.begin(), file.end()}, most);
            result = damaged.size() < 8 ? damaged : joined(damaged, split(damaged));
            break;
        }
        case 4:
        case 5: result = with_mutated_lines(file, most, true); break;
        case 6: result = with_mutated_lines(file, most, false); break;
        default:
            result = size < 8 ? Bytes(file.begin(), file.end()) : with_moved_chunks(file, random);
    }
    result.resize(std::min(result.size(), most));
    std::copy(result.begin(), result.end(), data);
    return result.size();
}

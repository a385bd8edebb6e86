#include "rle/string.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <string>

#include "rle/string_kernels.h"

namespace panfuse::rle {
namespace {

using Word = std::uint64_t;  // 8 characters, the first lowest

constexpr Word each_byte = 0x0101010101010101;

Word load(const char* p) {
    Word word;
    std::memcpy(&word, p, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

void store(char* p, Word word) {
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    std::memcpy(p, &word, sizeof word);
}

// The low 5 bits of each byte, side by side.
Word gathered(Word bytes) {
    const Word pairs = (bytes & 0x001F001F001F001F) | (bytes & 0x1F001F001F001F00) >> 3;
    const Word fours = (pairs & 0x000003FF000003FF) | (pairs & 0x03FF000003FF0000) >> 6;
    return (fours & 0xFFFFF) | (fours & 0x000FFFFF00000000) >> 12;
}

// Its inverse, for 40 bits.
Word scattered(Word bits) {
    const Word fours = (bits & 0xFFFFF) | (bits & 0xFFFFF00000) << 12;
    const Word pairs = (fours & 0x000003FF000003FF) | (fours & 0x000FFC00000FFC00) << 6;
    return (pairs & 0x001F001F001F001F) | (pairs & 0x03E003E003E003E0) << 3;
}

// A bit for each byte of which the high bit is set.
unsigned high_bits(Word bytes) {
    return static_cast<unsigned>(((bytes >> 7 & each_byte) * 0x0102040810204080) >> 56);
}

// What is known of a string while its numbers are read; whatever is wrong sets `faults`.
struct Reader {
    std::uint32_t* out;
    std::uint32_t* next;
    std::uint32_t latest = 0, before = 0;  // the two counts that came last
    Word total = 0, faults = 0;

    // `bytes` starts with the number's characters, of which there are `length` >= 1.
    void number(Word bytes, std::size_t length) {
        faults |= length > most_characters;
        const auto unused = static_cast<unsigned>(64 - 5 * length) & 63;
        // To take away 48 flips bit 4 of what the low 5 bits are.
        const Word groups = gathered(bytes ^ each_byte * 16);
        auto value = static_cast<std::int64_t>(groups << unused) >> unused;
        if (next - out > 2) value += before;
        faults |= static_cast<Word>(value) >> 32;
        total += static_cast<Word>(value);
        before = latest;
        latest = static_cast<std::uint32_t>(value);
        *next++ = latest;
    }
};

[[noreturn]] void fail(const std::string& what) { throw std::invalid_argument("counts: " + what); }

std::string character_text(unsigned char c) {
    static constexpr char digits[] = "0123456789abcdef";
    if (c > ' ' && c < 127) return std::string{'\'', static_cast<char>(c), '\''};
    return std::string("byte 0x") + digits[c >> 4] + digits[c & 15];
}

[[noreturn]] void fail_sum(Word total, Size size) {
    fail("expected a sum of " + std::to_string(size.pixels()) + " (" + std::to_string(size.height) +
         " x " + std::to_string(size.width) + "), got " + std::to_string(total));
}

// Finds the first fault, number by number.
[[noreturn]] void explain(std::string_view text, Size size) {
    std::vector<std::int64_t> counts;
    Word total = 0;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t begin = i;
        Word bits = 0;
        for (bool more = true; more; ++i) {
            if (i == text.size())
                fail("the number at character " + std::to_string(begin) + " is cut short");
            const auto c = static_cast<unsigned char>(text[i]);
            if (c < 48 || c > 111)
                fail("expected characters '0' to 'o', got " + character_text(c) + " at character " +
                     std::to_string(i));
            if (i - begin == most_characters)
                fail("the number at character " + std::to_string(begin) + " has more than " +
                     std::to_string(most_characters) + " characters");
            const Word group = c - 48u;
            bits |= (group & 31) << 5 * (i - begin);
            more = (group & 32) != 0;
        }
        const auto unused = static_cast<unsigned>(64 - 5 * (i - begin));
        auto value = static_cast<std::int64_t>(bits << unused) >> unused;
        if (counts.size() > 2) value += counts[counts.size() - 2];
        if (value < 0 || value > most_pixels)
            fail("expected counts of 0 to 4294967295, got " + std::to_string(value) +
                 " at character " + std::to_string(begin));
        counts.push_back(value);
        total += static_cast<Word>(value);
    }
    fail_sum(total, size);
}

// Reads any sound string, number by number.
void read_numbers(std::string_view text, Size size, Counts& counts) {
    const std::size_t before = counts.size();
    counts.resize(before + text.size());  // a count has a character at least
    Reader reader{counts.data() + before, counts.data() + before};
    char copy[16] = {};
    const char* begin = text.data();
    const std::size_t n = text.size();
    if (n < sizeof(Word) && n > 0) begin = static_cast<char*>(std::memcpy(copy, begin, n));
    const char* const end = begin + n;
    // The 8 bytes from p on, and 0 past the end: a short string lies in `copy`, and of a longer one
    // the last 8 bytes are shifted.
    const auto from = [&](const char* p) {
        if (end - p >= 8 || n < sizeof(Word)) return load(p);
        return load(end - 8) >> 8 * (8 - (end - p));
    };
    const char* number = begin;  // where the next one starts
    const auto step = [&](const char* p, std::size_t left, auto&& read) {
        const Word bytes = read(p);
        // Characters are 48 to 111: neither sum reaches into the next byte while all are ASCII.
        const Word valid = left < 8 ? (Word{1} << 8 * left) - 1 : ~Word{0};
        const Word groups = (bytes | each_byte << 7) - each_byte * 48;
        reader.faults |= (bytes | ~groups | (bytes + each_byte * 16)) & each_byte << 7 & valid;
        unsigned ends = high_bits(~groups << 2) & ((1u << std::min<std::size_t>(left, 8)) - 1);
        for (; ends != 0; ends &= ends - 1) {
            const char* const last = p + std::countr_zero(ends);
            reader.number(read(number), static_cast<std::size_t>(last - number) + 1);
            number = last + 1;
        }
    };
    const char* p = begin;
    for (; end - p >= 16; p += 8) step(p, 8, load);
    for (; p < end; p += 8) step(p, static_cast<std::size_t>(end - p), from);
    if (reader.faults != 0 || number != end || reader.total != static_cast<Word>(size.pixels()))
        explain(text, size);
    counts.resize(before + static_cast<std::size_t>(reader.next - reader.out));
}

}  // namespace

char* write_string(Runs counts, char* out) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
        auto value = static_cast<std::int64_t>(counts[i]);
        if (i > 2) value -= counts[i - 2];
        // One bit for the sign; (bits + 4) / 5 is (bits + 4) * 13 / 64 up to 34 bits.
        const auto bits = static_cast<unsigned>(
            65 - std::countl_zero(static_cast<Word>(value ^ value >> 63) | 1));
        const unsigned length = (bits + 4) * 13 >> 6;
        const Word more = each_byte << 5 & ((Word{1} << 8 * (length - 1)) - 1);
        store(out, (scattered(static_cast<Word>(value)) | more) + each_byte * 48);
        out += length;
    }
    return out;
}

void read_string(std::string_view text, Size size, Counts& counts) {
    const StringKernels* const kernels = string_kernels();
    if (kernels == nullptr) return read_numbers(text, size, counts);
    const std::size_t before = counts.size();
    counts.resize(before + text.size() + reading_slack);  // a count has a character at least
    const StringRead read = kernels->read(text.data(), text.size(), counts.data() + before);
    const bool sound = read.sound && read.total == static_cast<Word>(size.pixels());
    counts.resize(before + (sound ? read.counts : 0));
    if (!sound) read_numbers(text, size, counts);
}

void check_counts(Runs counts, Size size) {
    Word total = 0;
    for (const std::uint32_t count : counts) total += count;
    if (total != static_cast<Word>(size.pixels())) fail_sum(total, size);
}

}  // namespace panfuse::rle

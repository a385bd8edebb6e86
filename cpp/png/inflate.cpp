#include "png/inflate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "png/huffman.h"
#include "png/zlib_kernels.h"

namespace panfuse::png {

// Bits that index the first levels, and room for the second ones: no code of 15 bits needs more
// than 2342 entries for literals and lengths, and 594 for distances.
struct InflateTables {
    static constexpr unsigned literal_bits = literal_table_bits,
                              distance_bits = distance_table_bits, length_bits = 7;

    std::array<HuffmanEntry, 2400> literals;
    std::array<HuffmanEntry, 640> distances;
    std::array<HuffmanEntry, 1 << length_bits> lengths;
};

namespace {

constexpr std::uint64_t low_bits(std::uint64_t bits, unsigned n) {
    return bits & ((std::uint64_t{1} << n) - 1);
}

// The value of a length or distance whose entry and extra bits lie in front.
std::uint32_t value_with_extra(HuffmanEntry entry, std::uint64_t bits) {
    return entry_value(entry) +
           static_cast<std::uint32_t>(low_bits(bits, entry_bits(entry)) >> code_bits(entry));
}

// One stream on its way to one output.
class Stream {
  public:
    Stream(std::span<const std::uint8_t> in, std::uint8_t* out, std::size_t n,
           InflateTables& tables)
        : in_begin_(in.data()),
          in_(in.data()),
          in_end_(in.data() + in.size()),
          out_begin_(out),
          out_(out),
          out_end_(out + n),
          tables_(tables) {}

    Inflated run() {
        bool last = false;
        while (!last) {
            std::uint32_t head = 0;
            if (!take(3, head)) return Inflated::corrupt;
            last = (head & 1) != 0;
            const Inflated status = block(head >> 1);
            if (status != Inflated::ok) return status;
        }
        return out_ == out_end_ ? Inflated::ok : Inflated::short_output;
    }

    std::size_t used() const { return static_cast<std::size_t>(in_ - in_begin_) - count_ / 8; }

  private:
    Inflated block(std::uint32_t type) {
        switch (type) {
            case 0: return stored();
            case 1: return fixed_codes() ? symbols() : Inflated::corrupt;
            case 2: return own_codes() ? symbols() : Inflated::corrupt;
            default: return Inflated::corrupt;
        }
    }

    // Takes what the input has into the low 56 bits or more; `count_` of them are the stream's.
    void refill() {
        if constexpr (std::endian::native == std::endian::little) {
            if (in_end_ - in_ >= 8) {
                std::uint64_t eight;
                std::memcpy(&eight, in_, 8);
                bits_ |= eight << count_;
                in_ += (63 - count_) >> 3;
                count_ |= 56;
                bits_ = low_bits(bits_, count_);
                return;
            }
        }
        for (; count_ <= 55 && in_ != in_end_; count_ += 8)
            bits_ |= std::uint64_t{*in_++} << count_;
    }

    void drop(unsigned n) {
        bits_ >>= n;
        count_ -= n;
    }

    bool take(unsigned n, std::uint32_t& value) {
        if (count_ < n) refill();
        if (count_ < n) return false;
        value = static_cast<std::uint32_t>(low_bits(bits_, n));
        drop(n);
        return true;
    }

    Inflated stored() {
        drop(count_ & 7);
        std::uint32_t size = 0, complement = 0;
        if (!take(16, size) || !take(16, complement) || size != (complement ^ 0xFFFF))
            return Inflated::corrupt;
        in_ -= count_ / 8;
        bits_ = count_ = 0;
        if (in_end_ - in_ < static_cast<std::ptrdiff_t>(size)) return Inflated::corrupt;
        if (out_end_ - out_ < static_cast<std::ptrdiff_t>(size)) return Inflated::long_output;
        out_ = std::copy_n(in_, size, out_);
        in_ += size;
        return Inflated::ok;
    }

    bool set_codes(std::span<const std::uint8_t> literals,
                   std::span<const std::uint8_t> distances) {
        using T = InflateTables;
        return build_table(literals, literal_alphabet(), T::literal_bits, true, tables_.literals) &&
               build_table(distances, distance_alphabet(), T::distance_bits, true,
                           tables_.distances);
    }

    // RFC 1951, 3.2.6.
    bool fixed_codes() {
        std::array<std::uint8_t, 288> literals;
        const auto fill = [&](std::size_t from, std::size_t to, std::uint8_t bits) {
            std::fill(literals.begin() + static_cast<std::ptrdiff_t>(from),
                      literals.begin() + static_cast<std::ptrdiff_t>(to), bits);
        };
        fill(0, 144, 8);
        fill(144, 256, 9);
        fill(256, 280, 7);
        fill(280, 288, 8);
        std::array<std::uint8_t, 32> distances;
        distances.fill(5);
        return set_codes(literals, distances);
    }

    // RFC 1951, 3.2.7.
    bool own_codes() {
        std::uint32_t literal_count = 0, distance_count = 0, length_count = 0;
        if (!take(5, literal_count) || !take(5, distance_count) || !take(4, length_count))
            return false;
        literal_count += 257;
        distance_count += 1;
        length_count += 4;
        if (literal_count > 286 || distance_count > 30) return false;

        static constexpr std::uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                   11, 4,  12, 3, 13, 2, 14, 1, 15};
        std::array<std::uint8_t, 19> of_lengths{};
        for (std::uint32_t i = 0; i < length_count; ++i) {
            std::uint32_t length = 0;
            if (!take(3, length)) return false;
            of_lengths[order[i]] = static_cast<std::uint8_t>(length);
        }
        if (!build_table(of_lengths, length_alphabet(), InflateTables::length_bits, false,
                         tables_.lengths))
            return false;

        std::array<std::uint8_t, 286 + 30> lengths;
        const std::uint32_t total = literal_count + distance_count;
        if (!code_lengths({lengths.data(), total})) return false;
        const std::span<const std::uint8_t> all(lengths.data(), total);
        // Without an end a block could only run out of input.
        return lengths[256] != 0 && set_codes(all.first(literal_count), all.subspan(literal_count));
    }

    bool code_lengths(std::span<std::uint8_t> lengths) {
        for (std::size_t done = 0; done < lengths.size();) {
            if (count_ < InflateTables::length_bits) refill();
            const HuffmanEntry entry = tables_.lengths[low_bits(bits_, InflateTables::length_bits)];
            if (entry_bits(entry) > count_) return false;
            drop(entry_bits(entry));
            const std::uint32_t symbol = entry_value(entry);
            if (symbol < 16) {
                lengths[done++] = static_cast<std::uint8_t>(symbol);
                continue;
            }
            if (symbol == 16 && done == 0) return false;
            const std::uint8_t repeated = symbol == 16 ? lengths[done - 1] : 0;
            std::uint32_t times = 0;
            if (!take(symbol == 16 ? 2 : symbol == 17 ? 3 : 7, times)) return false;
            times += symbol == 18 ? 11 : 3;
            if (times > lengths.size() - done) return false;
            std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(done), times, repeated);
            done += times;
        }
        return true;
    }

    Inflated symbols() {
        if constexpr (std::endian::native == std::endian::little) {
            SymbolState state{in_,
                              in_end_,
                              out_begin_,
                              out_,
                              out_end_,
                              bits_,
                              count_,
                              tables_.literals.data(),
                              tables_.distances.data()};
            const SymbolsEnd end = zlib_kernels().decode_symbols(state);
            in_ = state.in;
            out_ = state.out;
            bits_ = state.bits;
            count_ = state.count;
            if (end == SymbolsEnd::corrupt) return Inflated::corrupt;
            if (end == SymbolsEnd::block) return Inflated::ok;
        }
        return careful_symbols();
    }

    Inflated careful_symbols() {
        for (;;) {
            HuffmanEntry entry = 0;
            refill();  // enough for a length and its distance, 48 bits
            if (!lookup(tables_.literals.data(), InflateTables::literal_bits, entry))
                return Inflated::corrupt;
            if ((entry & literal_flag) != 0) {
                if (out_ == out_end_) return Inflated::long_output;
                *out_++ = static_cast<std::uint8_t>(entry_value(entry));
                drop(entry_bits(entry));
                continue;
            }
            if ((entry & special_flag) != 0) {
                drop(entry_bits(entry));
                return (entry & end_flag) != 0 ? Inflated::ok : Inflated::corrupt;
            }
            const std::uint32_t length = value_with_extra(entry, bits_);
            drop(entry_bits(entry));
            if (!lookup(tables_.distances.data(), InflateTables::distance_bits, entry) ||
                (entry & special_flag) != 0)
                return Inflated::corrupt;
            const std::uint32_t distance = value_with_extra(entry, bits_);
            drop(entry_bits(entry));
            if (distance > out_ - out_begin_) return Inflated::corrupt;
            if (length > out_end_ - out_) return Inflated::long_output;
            copy_match(length, distance);
        }
    }

    void copy_match(std::size_t length, std::size_t distance) {
        const std::uint8_t* const from = out_ - distance;
        if (distance == 1)
            std::memset(out_, *from, length);
        else if (distance >= length)
            std::memcpy(out_, from, length);
        else
            for (std::size_t i = 0; i < length; ++i) out_[i] = from[i];
        out_ += length;
    }

    // The entry of the symbol in front; false if the input ends within it.
    bool lookup(const HuffmanEntry* table, unsigned first_bits, HuffmanEntry& entry) {
        entry = table[low_bits(bits_, first_bits)];
        if ((entry & second_level_flag) != 0 && entry_bits(entry) <= count_) {
            drop(entry_bits(entry));
            entry = table[entry_value(entry) + low_bits(bits_, code_bits(entry))];
        }
        return entry_bits(entry) <= count_;
    }

    const std::uint8_t* const in_begin_;
    const std::uint8_t* in_;
    const std::uint8_t* const in_end_;
    std::uint8_t* const out_begin_;
    std::uint8_t* out_;
    std::uint8_t* const out_end_;
    InflateTables& tables_;
    std::uint64_t bits_ = 0;  // the next of the stream, the first one lowest
    unsigned count_ = 0;      // how many of them
};

}  // namespace

Inflater::Inflater() : tables_(std::make_unique<InflateTables>()) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

InflateResult Inflater::operator()(std::span<const std::uint8_t> in, std::uint8_t* out,
                                   std::size_t n) {
    Stream stream(in, out, n, *tables_);
    const Inflated status = stream.run();
    return {status, status == Inflated::ok ? stream.used() : 0};
}

}  // namespace panfuse::png

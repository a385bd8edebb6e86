#include "rle/encode.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <vector>

#include "rle/columns.h"
#include "support/width.h"

namespace panfuse::rle {
namespace {

// The lines of an image along one axis as bits: whether a pixel is foreground.
class Lines {
  public:
    // `length` pixels a line, `step` and `stride` bytes from pixel to pixel and line to line.
    Lines(const ArrayView& mask, std::size_t length, std::int64_t step, std::int64_t stride)
        : dtype_(mask.dtype),
          length_(length),
          step_(step),
          stride_(stride),
          differences_(runs::scanner().differences[runs::width_index(dtype_.bytes)]),
          zeros_(length * dtype_.bytes) {
        move(mask);
    }

    // Goes on to another mask of the same size, strides and type.
    void move(const ArrayView& mask) {
        data_ = static_cast<const std::byte*>(mask.data);
        const bool aligned = reinterpret_cast<std::uintptr_t>(data_) % dtype_.bytes == 0 &&
                             stride_ % dtype_.bytes == 0;
        direct_ = dtype_.kind != Dtype::Kind::floating && aligned &&
                  (length_ < 2 || step_ == dtype_.bytes);
        if (!direct_) copy_.resize(length_ * dtype_.bytes);
    }

    void scan(std::size_t line, Bits* bits) {
        const std::byte* from = data_ + static_cast<std::int64_t>(line) * stride_;
        if (!direct_) {
            copy(from);
            from = copy_.data();
        }
        differences_(from, zeros_.data(), length_, bits);
    }

  private:
    void copy(const std::byte* from) {
        with_width(dtype_.bytes, [&](auto zero) {
            using T = decltype(zero);
            const T sign = dtype_.kind == Dtype::Kind::floating
                               ? static_cast<T>(T{1} << (8 * sizeof(T) - 1))
                               : T{0};
            for (std::size_t i = 0; i < length_; ++i) {
                T bits;
                std::memcpy(&bits, from + static_cast<std::int64_t>(i) * step_, sizeof bits);
                bits = static_cast<T>(bits & ~sign);  // -0.0 is 0
                std::memcpy(copy_.data() + i * sizeof bits, &bits, sizeof bits);
            }
        });
    }

    const std::byte* data_ = nullptr;
    Dtype dtype_;
    std::size_t length_;
    std::int64_t step_, stride_;
    runs::Scanner::Differences differences_;
    bool direct_ = false;
    std::vector<std::byte> zeros_;
    UninitializedVector<std::byte> copy_;
};

// Bits of pixels, column by column, to counts.
class PixelReader {
  public:
    explicit PixelReader(Counts& out) : out_(out), size_(out.size()) {}

    void put(const Bits* bits, std::size_t pixels) {
        if (out_.size() - size_ <= pixels) out_.resize(out_.size() + out_.size() / 2 + pixels + 1);
        std::uint32_t* next = out_.data() + size_;
        for (std::size_t i = 0; 64 * i < pixels; ++i) {
            const Bits now = bits[i];
            Bits steps = now ^ (now << 1 | before_);
            before_ = now >> 63;
            if (const std::size_t left = pixels - 64 * i; left < 64) {
                steps &= (Bits{1} << left) - 1;
                before_ = now >> (left - 1) & 1;
            }
            const std::uint32_t word = begin_ + static_cast<std::uint32_t>(64 * i);
            for (; steps != 0; steps &= steps - 1) {
                const std::uint32_t at = word + static_cast<std::uint32_t>(std::countr_zero(steps));
                *next++ = at - last_;
                last_ = at;
            }
        }
        size_ = static_cast<std::size_t>(next - out_.data());
        begin_ += static_cast<std::uint32_t>(pixels);
    }

    void finish() {
        out_.resize(size_);
        out_.push_back(begin_ - last_);
    }

  private:
    Counts& out_;
    std::size_t size_;  // the counts; behind them is room
    Bits before_ = 0;
    std::uint32_t begin_ = 0, last_ = 0;
};

bool in_column_order(const ArrayView& mask) {
    const std::int64_t bytes = mask.dtype.bytes;
    const bool aligned = reinterpret_cast<std::uintptr_t>(mask.data) % mask.dtype.bytes == 0;
    return aligned && mask.dtype.kind != Dtype::Kind::floating && mask.strides[0] == bytes &&
           (mask.shape[1] < 2 || mask.strides[1] == mask.shape[0] * bytes);
}

// A mask whose pixels follow one another column by column is one line, read some at a time.
void read_line(const ArrayView& mask, std::size_t pixels, PixelReader& reader) {
    constexpr std::size_t most = 4096;
    alignas(64) static constexpr std::array<std::uint64_t, most> zeros{};
    std::array<Bits, runs::words(most)> bits;
    const std::size_t bytes = mask.dtype.bytes;
    const auto differences = runs::scanner().differences[runs::width_index(bytes)];
    const auto* from = static_cast<const std::byte*>(mask.data);
    for (std::size_t left = pixels; left > 0;) {
        const std::size_t n = std::min(left, most);
        differences(from, zeros.data(), n, bits.data());
        reader.put(bits.data(), n);
        from += n * bytes;
        left -= n;
    }
}

void read_columns(const ArrayView& mask, std::size_t height, std::size_t width,
                  PixelReader& reader) {
    Lines columns(mask, height, mask.strides[0], mask.strides[1]);
    std::vector<Bits> bits(runs::words(height));
    for (std::size_t x = 0; x < width; ++x) {
        columns.scan(x, bits.data());
        reader.put(bits.data(), height);
    }
}

// Scratch for masks that lie in other ways, kept from one to the next.
class RowReader {
  public:
    RowReader(Size size, const ArrayView& mask)
        : height_(static_cast<std::size_t>(size.height)),
          width_(static_cast<std::size_t>(size.width)),
          bits_(size),
          columns_(64 * bits_.column_words()),
          rows_(mask, width_, mask.strides[1], mask.strides[0]) {}

    void read(const ArrayView& mask, PixelReader& reader) {
        rows_.move(mask);
        for (std::size_t y = 0; y < height_; ++y) rows_.scan(y, bits_.row(y));
        for (std::size_t stripe = 0; stripe < bits_.stripes(); ++stripe) {
            bits_.columns(stripe, columns_.data());
            for (std::size_t x = 0; x < 64 && 64 * stripe + x < width_; ++x)
                reader.put(columns_.data() + x * bits_.column_words(), height_);
        }
    }

  private:
    std::size_t height_, width_;
    BitRows bits_;
    UninitializedVector<Bits> columns_;
    Lines rows_;
};

}  // namespace

void encode(const ArrayView& masks, Masks& out) {
    ArrayView mask = masks;
    mask.rank = 2;
    std::copy_n(masks.shape.begin() + 1, 2, mask.shape.begin());
    std::copy_n(masks.strides.begin() + 1, 2, mask.strides.begin());
    const Size size{mask.shape[0], mask.shape[1]};
    const auto height = static_cast<std::size_t>(size.height);
    const auto width = static_cast<std::size_t>(size.width);
    std::optional<RowReader> rows;
    for (std::int64_t i = 0; i < masks.shape[0]; ++i) {
        mask.data = static_cast<const std::byte*>(masks.data) + i * masks.strides[0];
        PixelReader reader(out.arena());
        if (in_column_order(mask) || height * width == 0) {
            read_line(mask, height * width, reader);
        } else if (mask.strides[0] == mask.dtype.bytes && mask.strides[1] != mask.dtype.bytes) {
            read_columns(mask, height, width, reader);
        } else {
            if (!rows) rows.emplace(size, mask);
            rows->read(mask, reader);
        }
        reader.finish();
        out.close(size);
    }
}

void decode(Runs counts, Size size, std::uint8_t* out) {
    // Each run is begun with so many bytes, which what follows overwrites.
    constexpr std::ptrdiff_t step = 32;
    const std::uint8_t* const end = out + size.pixels();
    std::uint8_t value = 0;
    for (const std::uint32_t count : counts) {
        if (end - out < step) {
            std::memset(out, value, count);
        } else {
            std::memset(out, value, step);
            if (count > step) std::memset(out + step, value, count - step);
        }
        out += count;
        value ^= 1;
    }
}

}  // namespace panfuse::rle

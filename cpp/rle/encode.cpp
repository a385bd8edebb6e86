#include "rle/encode.h"

#include <bit>
#include <cstring>
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
        : data_(static_cast<const std::byte*>(mask.data)),
          dtype_(mask.dtype),
          length_(length),
          step_(step),
          stride_(stride),
          differences_(runs::scanner().differences[runs::width_index(dtype_.bytes)]) {
        const bool aligned = reinterpret_cast<std::uintptr_t>(data_) % dtype_.bytes == 0 &&
                             stride % dtype_.bytes == 0;
        direct_ =
            dtype_.kind != Dtype::Kind::floating && aligned && (length < 2 || step == dtype_.bytes);
        zeros_.assign(length * dtype_.bytes, std::byte{0});
        if (!direct_) copy_.resize(length * dtype_.bytes);
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

    const std::byte* data_;
    Dtype dtype_;
    std::size_t length_;
    std::int64_t step_, stride_;
    runs::Scanner::Differences differences_;
    bool direct_ = false;
    std::vector<std::byte> zeros_;
    UninitializedVector<std::byte> copy_;
};

// Columns of bits, one after another, to counts.
class ColumnReader {
  public:
    ColumnReader(std::size_t height, Counts& out) : height_(height), out_(out) {}

    void put(const Bits* bits) {
        const std::size_t words = runs::words(height_);
        for (std::size_t i = 0; i < words; ++i) {
            const Bits now = bits[i];
            Bits steps = now ^ (now << 1 | before_);
            const std::size_t rows = height_ - 64 * i;
            if (rows < 64) {
                steps &= (Bits{1} << rows) - 1;
                before_ = now >> (rows - 1) & 1;
            } else {
                before_ = now >> 63;
            }
            for (; steps != 0; steps &= steps - 1) {
                const std::uint32_t at = begin_ + static_cast<std::uint32_t>(64 * i) +
                                         static_cast<std::uint32_t>(std::countr_zero(steps));
                out_.push_back(at - last_);
                last_ = at;
            }
        }
        begin_ += static_cast<std::uint32_t>(height_);
    }

    void finish() { out_.push_back(begin_ - last_); }

  private:
    std::size_t height_;
    Counts& out_;
    Bits before_ = 0;
    std::uint32_t begin_ = 0, last_ = 0;
};

}  // namespace

void encode(const ArrayView& mask, Masks& out) {
    const Size size{mask.shape[0], mask.shape[1]};
    const auto height = static_cast<std::size_t>(size.height);
    const auto width = static_cast<std::size_t>(size.width);
    ColumnReader reader(height, out.arena());
    if (size.pixels() > 0) {
        const std::int64_t bytes = mask.dtype.bytes;
        if (mask.strides[0] == bytes && mask.strides[1] != bytes) {
            Lines columns(mask, height, mask.strides[0], mask.strides[1]);
            std::vector<Bits> bits(runs::words(height));
            for (std::size_t x = 0; x < width; ++x) {
                columns.scan(x, bits.data());
                reader.put(bits.data());
            }
        } else {
            Lines rows(mask, width, mask.strides[1], mask.strides[0]);
            BitRows bits(size);
            for (std::size_t y = 0; y < height; ++y) rows.scan(y, bits.row(y));
            UninitializedVector<Bits> columns(64 * bits.column_words());
            for (std::size_t stripe = 0; stripe < bits.stripes(); ++stripe) {
                bits.columns(stripe, columns.data());
                for (std::size_t x = 0; x < 64 && 64 * stripe + x < width; ++x)
                    reader.put(columns.data() + x * bits.column_words());
            }
        }
    }
    reader.finish();
    out.close(size);
}

void decode(Runs counts, Size size, std::uint8_t* out) {
    std::memset(out, 0, static_cast<std::size_t>(size.pixels()));
    for (std::size_t i = 0; i + 1 < counts.size(); i += 2) {
        out += counts[i];
        std::memset(out, 1, counts[i + 1]);
        out += counts[i + 1];
    }
}

}  // namespace panfuse::rle

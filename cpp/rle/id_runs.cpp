#include "rle/id_runs.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rle/columns.h"
#include "support/parallel.h"
#include "support/width.h"

namespace panfuse::rle {
namespace {

Size size_of(const ArrayView& map) { return {map.shape[0], map.shape[1]}; }

bool aligned(const ArrayView& map) {
    return reinterpret_cast<std::uintptr_t>(map.data) % map.dtype.bytes == 0;
}

bool contiguous_columns(const ArrayView& map) {
    return aligned(map) && map.strides[0] == map.dtype.bytes &&
           map.strides[1] % map.dtype.bytes == 0;
}

// The rows of a map side by side in memory: its own, or copies of the two latest.
class Rows {
  public:
    explicit Rows(const ArrayView& map) : map_(map) {
        direct_ = aligned(map) && map.strides[0] % map.dtype.bytes == 0 &&
                  (map.shape[1] < 2 || map.strides[1] == map.dtype.bytes);
        if (!direct_) copies_.resize(2 * row_bytes());
    }

    const std::byte* operator()(std::size_t y) {
        const std::byte* const from = static_cast<const std::byte*>(map_.data) +
                                      static_cast<std::int64_t>(y) * map_.strides[0];
        if (direct_) return from;
        std::byte* const to = copies_.data() + (y % 2) * row_bytes();
        with_width(map_.dtype.bytes, [&](auto zero) {
            for (std::int64_t x = 0; x < map_.shape[1]; ++x)
                std::memcpy(to + x * static_cast<std::int64_t>(sizeof zero),
                            from + x * map_.strides[1], sizeof zero);
        });
        return to;
    }

  private:
    std::size_t row_bytes() const {
        return static_cast<std::size_t>(map_.shape[1]) * map_.dtype.bytes;
    }

    const ArrayView& map_;
    bool direct_;
    UninitializedVector<std::byte> copies_;
};

// Where columns change, as bits of rows; all of the first row are changes.
void find_changes(const ArrayView& map, std::size_t begin, std::size_t end, BitRows& bits) {
    const auto width = static_cast<std::size_t>(map.shape[1]);
    const auto differences = runs::scanner().differences[runs::width_index(map.dtype.bytes)];
    Rows rows(map);
    const std::byte* above = begin > 0 ? rows(begin - 1) : nullptr;
    for (std::size_t y = begin; y < end; ++y) {
        const std::byte* const row = rows(y);
        if (y > 0) {
            differences(row, above, width, bits.row(y));
        } else {
            std::fill_n(bits.row(0), runs::words(width), ~Bits{0});
        }
        above = row;
    }
}

// Reads the runs of columns, given each column's bits.
class RunReader {
  public:
    explicit RunReader(const ArrayView& map)
        : map_(map),
          height_(static_cast<std::size_t>(map.shape[0])),
          words_(runs::words(height_)) {}

    void put(std::size_t x, const Bits* bits) {
        if (runs_.size() - count_ < height_) runs_.resize(2 * runs_.size() + height_ + 4096);
        switch (map_.dtype.kind) {
            case Dtype::Kind::boolean: return read<std::uint8_t, true>(x, bits);
            case Dtype::Kind::signed_integer:
                return with_width(map_.dtype.bytes, [&](auto zero) {
                    read<std::make_signed_t<decltype(zero)>, false>(x, bits);
                });
            default:
                return with_width(map_.dtype.bytes,
                                  [&](auto zero) { read<decltype(zero), false>(x, bits); });
        }
    }

    IdRuns take() {
        runs_.resize(count_);
        return std::move(runs_);
    }

  private:
    template <class T, bool is_bool>
    void read(std::size_t x, const Bits* bits) {
        const std::byte* const column = static_cast<const std::byte*>(map_.data) +
                                        static_cast<std::int64_t>(x) * map_.strides[1];
        const std::int64_t stride = map_.strides[0];
        const auto begin = static_cast<std::uint32_t>(x * height_);
        IdRun* out = runs_.data() + count_;
        bool some = count_ > 0;
        std::int32_t last = some ? out[-1].id : 0;
        for (std::size_t i = 0; i < words_; ++i)
            for (Bits left = bits[i]; left != 0; left &= left - 1) {
                const std::size_t y = 64 * i + static_cast<std::size_t>(std::countr_zero(left));
                T value;
                std::memcpy(&value, column + static_cast<std::int64_t>(y) * stride, sizeof value);
                if (!std::in_range<std::int32_t>(value))
                    throw_wide_id(std::to_string(value), static_cast<std::int64_t>(y),
                                  static_cast<std::int64_t>(x));
                const auto id = static_cast<std::int32_t>(is_bool ? value != 0 : value);
                *out = {begin + static_cast<std::uint32_t>(y), id};
                out += !some || id != last;
                some = true;
                last = id;
            }
        count_ = static_cast<std::size_t>(out - runs_.data());
    }

    const ArrayView& map_;
    std::size_t height_, words_;
    IdRuns runs_;
    std::size_t count_ = 0;
};

IdRuns joined(std::vector<IdRuns> parts) {
    if (parts.size() == 1) return std::move(parts.front());
    IdRuns all;
    for (const IdRuns& part : parts) {
        const bool goes_on = !all.empty() && !part.empty() && all.back().id == part.front().id;
        all.insert(all.end(), part.begin() + goes_on, part.end());
    }
    return all;
}

}  // namespace

IdRuns id_runs(const ArrayView& map, int threads) {
    const Size size = size_of(map);
    if (size.pixels() == 0) return {};
    const auto height = static_cast<std::size_t>(size.height);
    const auto width = static_cast<std::size_t>(size.width);
    const std::size_t chunks = threads == 1 ? 1 : 4 * static_cast<std::size_t>(threads);
    const auto share = [&](std::size_t n, std::int64_t chunk) {
        return n * static_cast<std::size_t>(chunk) / chunks;
    };
    std::vector<IdRuns> parts(chunks);
    const auto scan = runs::scanner().changes[runs::width_index(map.dtype.bytes)];
    if (contiguous_columns(map)) {
        run_chunks(threads, static_cast<std::int64_t>(chunks), [&](int, std::int64_t chunk) {
            RunReader reader(map);
            std::vector<Bits> bits(runs::words(height));
            for (std::size_t x = share(width, chunk); x < share(width, chunk + 1); ++x) {
                scan(static_cast<const std::byte*>(map.data) +
                         static_cast<std::int64_t>(x) * map.strides[1],
                     height, bits.data());
                reader.put(x, bits.data());
            }
            parts[static_cast<std::size_t>(chunk)] = reader.take();
        });
        return joined(std::move(parts));
    }
    BitRows bits(size);
    run_chunks(threads, static_cast<std::int64_t>(chunks), [&](int, std::int64_t chunk) {
        find_changes(map, share(height, chunk), share(height, chunk + 1), bits);
    });
    run_chunks(threads, static_cast<std::int64_t>(chunks), [&](int, std::int64_t chunk) {
        RunReader reader(map);
        UninitializedVector<Bits> columns(64 * bits.column_words());
        for (std::size_t stripe = share(bits.stripes(), chunk);
             stripe < share(bits.stripes(), chunk + 1); ++stripe) {
            bits.columns(stripe, columns.data());
            for (std::size_t x = 0; x < 64 && 64 * stripe + x < width; ++x)
                reader.put(64 * stripe + x, columns.data() + x * bits.column_words());
        }
        parts[static_cast<std::size_t>(chunk)] = reader.take();
    });
    return joined(std::move(parts));
}

void throw_wide_id(const std::string& id, std::int64_t y, std::int64_t x) {
    throw std::invalid_argument("ids: expected ids that fit int32, got " + id + " at (" +
                                std::to_string(y) + ", " + std::to_string(x) + ")");
}

}  // namespace panfuse::rle

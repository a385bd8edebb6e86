#include "png/encoder.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "png/big_endian.h"
#include "png/checksum.h"
#include "png/codec.h"
#include "png/header.h"
#include "png/unfilter.h"

namespace panfuse::png {
namespace {

// Filtered bytes of a map that is worth compressing twice.
constexpr std::size_t small = std::size_t{1} << 18;

std::size_t side(const ArrayView& ids, std::size_t axis) {
    return static_cast<std::size_t>(ids.shape[axis]);
}

// Copies a row; returns whether all of its ids fit.
template <class T>
bool copy_row(const char* from, std::int64_t stride, std::size_t n, std::uint32_t* to) {
    std::uint64_t all = 0;
    for (std::size_t x = 0; x < n; ++x, from += stride) {
        T id;
        std::memcpy(&id, from, sizeof id);
        all |= static_cast<std::uint64_t>(id);  // negative ids have the highest bit
        to[x] = static_cast<std::uint32_t>(id);
    }
    return all <= most_id;
}

bool take_row(const ArrayView& ids, std::size_t y, std::uint32_t* to) {
    const char* from =
        static_cast<const char*>(ids.data) + static_cast<std::int64_t>(y) * ids.strides[0];
    const std::int64_t stride = ids.strides[1];
    const std::size_t n = side(ids, 1);
    const bool is_signed = ids.dtype.kind == Dtype::Kind::signed_integer;
    switch (ids.dtype.bytes) {
        case 1:
            if (is_signed) return copy_row<std::int8_t>(from, stride, n, to);
            copy_row<std::uint8_t>(from, stride, n, to);
            if (ids.dtype.kind == Dtype::Kind::boolean)
                std::transform(to, to + n, to, [](std::uint32_t id) { return id != 0 ? 1u : 0u; });
            return true;
        case 2:
            return is_signed ? copy_row<std::int16_t>(from, stride, n, to)
                             : copy_row<std::uint16_t>(from, stride, n, to);
        case 4:
            return is_signed ? copy_row<std::int32_t>(from, stride, n, to)
                             : copy_row<std::uint32_t>(from, stride, n, to);
        default:
            return is_signed ? copy_row<std::int64_t>(from, stride, n, to)
                             : copy_row<std::uint64_t>(from, stride, n, to);
    }
}

[[noreturn]] void fail_row(const ArrayView& ids, std::size_t y) {
    const char* at =
        static_cast<const char*>(ids.data) + static_cast<std::int64_t>(y) * ids.strides[0];
    for (std::size_t x = 0;; ++x, at += ids.strides[1]) {
        std::uint64_t raw = 0;
        std::memcpy(&raw, at, ids.dtype.bytes);
        const int unused = 64 - 8 * ids.dtype.bytes;
        const bool is_signed = ids.dtype.kind == Dtype::Kind::signed_integer;
        const auto value = static_cast<std::int64_t>(raw << unused) >> unused;
        const bool negative = is_signed && value < 0;
        if (!negative && raw <= most_id) continue;
        throw std::invalid_argument("ids: expected ids from 0 to " + std::to_string(most_id) +
                                    ", got " +
                                    (negative ? std::to_string(value) : std::to_string(raw)) +
                                    " at (" + std::to_string(y) + ", " + std::to_string(x) + ")");
    }
}

void pack(const std::uint32_t* ids, std::size_t n, std::uint8_t* to) {
    for (std::size_t x = 0; x < n; ++x, to += 3) {
        to[0] = static_cast<std::uint8_t>(ids[x]);
        to[1] = static_cast<std::uint8_t>(ids[x] >> 8);
        to[2] = static_cast<std::uint8_t>(ids[x] >> 16);
    }
}

// Up leaves zeros but where segments begin and end, and is the quickest filter to undo. In a row
// that mostly differs from the one above, residuals would only hide what repeats; in a `plain` map
// no row has any.
std::vector<std::uint8_t> filter_rows(const ArrayView& ids, bool plain) {
    const std::size_t width = side(ids, 1), height = side(ids, 0), bytes = 3 * width;
    std::vector<std::uint8_t> filtered(height * (1 + bytes));
    std::vector<std::uint32_t> row(width), above(width);
    std::vector<std::uint8_t> packed(bytes), packed_above(bytes);
    std::uint8_t* line = filtered.data();
    for (std::size_t y = 0; y < height; ++y, line += 1 + bytes) {
        if (!take_row(ids, y, row.data())) fail_row(ids, y);
        pack(row.data(), width, packed.data());
        std::size_t changed = 0;
        for (std::size_t x = 0; x < width; ++x) changed += row[x] != above[x];
        if (plain || 2 * changed > width) {
            line[0] = filter_none;
            std::copy(packed.begin(), packed.end(), line + 1);
        } else {
            line[0] = filter_up;
            for (std::size_t i = 0; i < bytes; ++i)
                line[1 + i] = static_cast<std::uint8_t>(packed[i] - packed_above[i]);
        }
        row.swap(above);
        packed.swap(packed_above);
    }
    return filtered;
}

void append_chunk(std::vector<std::uint8_t>& file, const char (&type)[5],
                  std::span<const std::uint8_t> data) {
    const std::size_t at = file.size();
    file.resize(at + 12 + data.size());
    store_big_endian(static_cast<std::uint32_t>(data.size()), &file[at]);
    std::memcpy(&file[at + 4], type, 4);
    std::copy(data.begin(), data.end(), file.begin() + static_cast<std::ptrdiff_t>(at + 8));
    const std::uint32_t check = crc32(std::span(file).subspan(at + 4, 4 + data.size()));
    store_big_endian(check, &file[at + 8 + data.size()]);
}

}  // namespace

void check_map(const ArrayView& ids) {
    if (ids.rank != 2)
        throw std::invalid_argument("ids: expected 2 axes (H, W), got " + std::to_string(ids.rank));
    for (const std::size_t axis : {0u, 1u})
        if (ids.shape[axis] < 1 || ids.shape[axis] > 0x7FFFFFFF)
            throw std::invalid_argument("ids: expected H and W from 1 to 2147483647, got (" +
                                        std::to_string(ids.shape[0]) + ", " +
                                        std::to_string(ids.shape[1]) + ")");
}

std::vector<std::vector<std::uint8_t>> filterings(const ArrayView& ids) {
    const std::size_t width = side(ids, 1), height = side(ids, 0);
    std::vector<std::vector<std::uint8_t>> result;
    result.push_back(filter_rows(ids, false));
    if (height * (1 + 3 * width) <= small) result.push_back(filter_rows(ids, true));
    return result;
}

std::vector<std::uint8_t> make_file(const ArrayView& ids, std::span<const std::uint8_t> stream) {
    std::vector<std::uint8_t> file{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    constexpr std::size_t most_data = 0x7FFFFFFF;
    file.reserve(file.size() + 25 + 12 + stream.size() + 12 * (1 + stream.size() / most_data));
    std::array<std::uint8_t, 13> header{};
    store_big_endian(static_cast<std::uint32_t>(side(ids, 1)), &header[0]);
    store_big_endian(static_cast<std::uint32_t>(side(ids, 0)), &header[4]);
    header[8] = 8;
    header[9] = static_cast<std::uint8_t>(Color::rgb);
    append_chunk(file, "IHDR", header);
    for (; stream.size() > most_data; stream = stream.subspan(most_data))
        append_chunk(file, "IDAT", stream.first(most_data));
    append_chunk(file, "IDAT", stream);
    append_chunk(file, "IEND", {});
    return file;
}

}  // namespace panfuse::png

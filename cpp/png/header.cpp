#include "png/header.h"

#include <string>

#include "png/big_endian.h"
#include "png/interlace.h"
#include "support/error.h"

namespace panfuse::png {
namespace {

std::uint32_t side(const std::uint8_t* p, const char* name) {
    const std::uint32_t length = load_big_endian(p);
    if (length == 0 || length > 0x7FFFFFFF)
        throw FormatError("IHDR: expected a " + std::string(name) + " from 1 to 2147483647, got " +
                          std::to_string(length));
    return length;
}

void check_color(std::uint8_t color, std::uint8_t depth) {
    const auto allowed = [&](const char* kind, std::initializer_list<int> depths) {
        for (const int known : depths)
            if (known == depth) return;
        throw FormatError("IHDR: expected a depth that PNG has for " + std::string(kind) +
                          ", got " + std::to_string(depth));
    };
    const auto refuse = [](const char* kind) {
        throw FormatError(std::string(kind) +
                          " holds no ids; expected RGB or RGBA of 8 bits, gray, or a palette");
    };
    switch (color) {
        case 0: return allowed("gray", {1, 2, 4, 8, 16});
        case 3: return allowed("a palette", {1, 2, 4, 8});
        case 2: allowed("RGB", {8, 16}); break;
        case 4: allowed("gray with alpha", {8, 16}); return refuse("gray with alpha");
        case 6: allowed("RGBA", {8, 16}); break;
        default:
            throw FormatError("IHDR: expected a color type of 0, 2, 3, 4 or 6, got " +
                              std::to_string(color));
    }
    if (depth == 16) refuse(color == 2 ? "RGB of 16 bits" : "RGBA of 16 bits");
}

void check_method(std::uint8_t got, std::uint8_t most, const char* name) {
    if (got > most)
        throw FormatError("IHDR: " + std::string(name) + " " + std::to_string(got) +
                          " is not in PNG");
}

}  // namespace

std::uint64_t Header::filtered_bytes() const {
    if (!interlaced) return filtered_bytes(Grid{width, height});
    std::uint64_t total = 0;
    for (const Pass& pass : adam7) total += filtered_bytes(pass.grid(*this));
    return total;
}

Header parse_header(std::span<const std::uint8_t> data) {
    if (data.size() != 13)
        throw FormatError("IHDR: expected 13 bytes, got " + std::to_string(data.size()));
    Header header;
    header.width = side(&data[0], "width");
    header.height = side(&data[4], "height");
    check_color(data[9], data[8]);
    check_method(data[10], 0, "compression method");
    check_method(data[11], 0, "filter method");
    check_method(data[12], 1, "interlace method");
    header.depth = data[8];
    header.color = static_cast<Color>(data[9]);
    header.interlaced = data[12] == 1;
    return header;
}

}  // namespace panfuse::png

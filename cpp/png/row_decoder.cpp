#include "png/row_decoder.h"

#include <algorithm>
#include <cstring>

#include "png/interlace.h"
#include "png/samples.h"
#include "png/zlib_stream.h"
#include "runs/scanner.h"
#include "support/error.h"

namespace panfuse::png {
namespace {

// DEFLATE's shortest codes: 258 bytes for 2 bits.
constexpr std::uint64_t most_compression = 1032;

// Keeps the sizes of what a header may claim below 2^64.
constexpr std::uint64_t most_pixels_ever = std::uint64_t{1} << 48;

void check_size(const Header& header, std::uint64_t data_bytes, std::uint64_t most_pixels) {
    const std::uint64_t pixels = std::uint64_t{header.width} * header.height;
    const std::uint64_t limit = std::min(most_pixels, most_pixels_ever);
    if (pixels > limit)
        throw FormatError(std::to_string(header.width) + " x " + std::to_string(header.height) +
                          " pixels are more than max_pixels = " + std::to_string(limit));
    const std::uint64_t needed = header.filtered_bytes();
    if (needed > most_compression * data_bytes)
        throw FormatError("image data: too little, the image takes " + std::to_string(needed) +
                          " bytes, which " + std::to_string(data_bytes) + " cannot hold");
}

// The first byte of each row says which filter it has.
void check_filters(const Header& header, Grid grid, const std::uint8_t*& line) {
    if (grid.width == 0) return;
    for (std::size_t y = 0; y < grid.height; ++y, line += 1 + header.row_bytes(grid.width))
        if (*line >= filters)
            throw FormatError("image data: row " + std::to_string(y) +
                              ": expected a filter type from 0 to 4, got " + std::to_string(*line));
}

}  // namespace

void RowDecoder::open(std::span<const std::uint8_t> file, std::string_view name,
                      std::uint64_t most_pixels) {
    name_ = name;
    try {
        parse_chunks(file, chunks_);
        inflate(most_pixels);
    } catch (const FormatError& error) {
        throw FormatError(name_ + ": " + error.what());
    }
}

void RowDecoder::inflate(std::uint64_t most_pixels) {
    const Header& header = chunks_.header;
    const std::uint64_t data_bytes = chunks_.data_bytes();
    check_size(header, data_bytes, most_pixels);
    std::span<const std::uint8_t> data = chunks_.data.front();
    if (chunks_.data.size() > 1) {
        std::uint8_t* const whole = compressed_.reserve(data_bytes);
        std::uint8_t* end = whole;
        for (const auto part : chunks_.data) end = std::copy(part.begin(), part.end(), end);
        data = {whole, data_bytes};
    }
    const std::uint64_t bytes = header.filtered_bytes();
    line_ = filtered_.reserve(bytes + residual_slack);
    inflate_zlib(inflater_, data, line_, bytes);
    const std::uint8_t* line = line_;
    if (!header.interlaced)
        check_filters(header, {header.width, header.height}, line);
    else
        for (const Pass& pass : adam7) check_filters(header, pass.grid(header), line);

    const std::size_t words = runs::words(header.width);
    const std::size_t ids = id_margin + words * runs::word_pixels;
    row_ = std::fill_n(row_memory_.reserve(ids), id_margin, 0u);
    std::fill_n(row_, words * runs::word_pixels, 0u);
    std::fill_n(changes_.reserve(words), words, std::uint64_t{0});
    const std::size_t row_bytes = header.row_bytes(header.width);
    std::fill_n(zeros_.reserve(row_bytes), row_bytes, std::uint8_t{0});
    unfilter_ = header.depth >= 8 && !header.interlaced ? &unfilter() : nullptr;
    if (header.color != Color::rgb)
        widened_.reserve(3 * std::size_t{header.width} + residual_slack);
    whole_line_ = nullptr;
    if (header.interlaced) deinterlace();
}

void RowDecoder::deinterlace() {
    const Header& header = chunks_.header;
    std::uint32_t* const whole = whole_.reserve(std::size_t{header.width} * header.height);
    std::uint8_t* line = line_;
    for (const Pass& pass : adam7) {
        const Grid grid = pass.grid(header);
        if (grid.width == 0) continue;
        const std::size_t bytes = header.row_bytes(grid.width);
        const std::uint8_t* above = zeros_.data();
        for (std::size_t j = 0; j < grid.height; ++j, line += 1 + bytes) {
            unfilter_bytes(line[0], line + 1, above, bytes, header.pixel_bytes());
            above = line + 1;
            unpack_ids(header, line + 1, grid.width, row_);
            std::uint32_t* to = whole + (pass.y0 + j * pass.dy) * header.width + pass.x0;
            for (std::size_t i = 0; i < grid.width; ++i) to[i * pass.dx] = row_[i];
        }
    }
    whole_line_ = whole;
}

void RowDecoder::next() {
    if (unfilter_ == nullptr) return next_by_bytes();
    const Header& header = chunks_.header;
    const std::uint8_t* residuals = line_ + 1;
    if (header.color != Color::rgb) {
        widen_residuals(header, residuals, width(), widened_.data());
        residuals = widened_.data();
    }
    unfilter_->rgb[line_[0]](residuals, width(), row_, changes_.data());
    line_ += 1 + header.row_bytes(width());
}

void RowDecoder::next_by_bytes() {
    const std::size_t n = width();
    if (whole_line_ != nullptr) {
        std::memcpy(row_, whole_line_, n * sizeof *row_);
        whole_line_ += n;
    } else {
        const std::size_t bytes = chunks_.header.row_bytes(n);
        const bool first = line_ == filtered_.data();
        unfilter_bytes(line_[0], line_ + 1, first ? zeros_.data() : line_ - bytes, bytes, 1);
        unpack_ids(chunks_.header, line_ + 1, n, row_);
        line_ += 1 + bytes;
    }
    runs::scanner().changes[runs::width_index(sizeof *row_)](row_, n, changes_.data());
}

}  // namespace panfuse::png

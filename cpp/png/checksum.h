// The checksums of PNG and zlib.
#pragma once

#include <cstdint>
#include <span>

namespace panfuse::png {

// CRC-32 of PNG (annex D): polynomial 0xEDB88320, bits reversed.
std::uint32_t crc32(std::span<const std::uint8_t> bytes);

// Adler-32 (RFC 1950).
std::uint32_t adler32(std::span<const std::uint8_t> bytes);

}  // namespace panfuse::png

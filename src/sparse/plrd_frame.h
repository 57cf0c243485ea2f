// What a .plrd file begins and ends with: magic, version and size; a checksum over all before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pollard::sparse::plrd {

/// The first byte is no text; the line ends show whether somebody converted them.
constexpr std::string_view kMagic{"\x89PLRD\r\n\x1a", 8};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 24;  // magic, u32 version, u32 0, u64 size of the file
constexpr std::size_t kChecksumBytes = 16;

constexpr std::string_view kDamaged =
    "the file is damaged or not one that `pollard export --sparse` wrote";

/// The header, its size still 0. What follows it is the content.
[[nodiscard]] std::vector<std::byte> open_frame();
/// Fills in the size and appends the checksum: XXH3 with 128 bits, in its canonical byte order.
void close_frame(std::vector<std::byte>& bytes);

/// The content. Throws Error{Input} for a file that is cut short, damaged, or newer than this.
[[nodiscard]] std::span<const std::byte> check_frame(std::span<const std::byte> bytes,
                                                     std::string_view origin);

}  // namespace pollard::sparse::plrd

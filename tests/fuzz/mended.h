// Checksums made right again, without which a fuzzer would see little more than their checks.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace pollard::fuzz {

/// Of each block that says it is a header: the sum of its bytes, the checksum's taken as spaces.
inline std::string mended_tar(std::string file) {
  constexpr std::size_t kBlock = 512, kChecksum = 148, kMagic = 257;
  for (std::size_t at = 0; at + kBlock <= file.size(); at += kBlock) {
    if (file.compare(at + kMagic, 5, "ustar") != 0) continue;
    file.replace(at + kChecksum, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) sum += static_cast<unsigned char>(file[at + i]);
    char digits[8];
    std::snprintf(digits, sizeof(digits), "%06o", sum);
    file.replace(at + kChecksum, 7, digits, 7);
  }
  return file;
}

/// Of each chunk (length, type, data, CRC) as far as the lengths lead.
inline std::string mended_png(std::string file) {
  std::size_t at = 8;
  while (at + 12 <= file.size()) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i)
      length = length << 8 | static_cast<unsigned char>(file[at + i]);
    if (length > file.size() - at - 12) break;
    const auto* chunk = reinterpret_cast<const Bytef*>(file.data()) + at + 4;
    const auto crc = static_cast<std::uint32_t>(crc32_z(0, chunk, length + 4));
    for (std::size_t i = 0; i < 4; ++i) {
      file[at + 8 + length + i] = static_cast<char>(crc >> (24 - 8 * i) & 0xFF);
    }
    at += 12 + length;
  }
  return file;
}

}  // namespace pollard::fuzz

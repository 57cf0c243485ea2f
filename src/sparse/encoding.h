// Whole numbers in as few bytes as they need (LEB128): seven bits a byte, the lowest first; the
// eighth says that more follow. Signed ones are folded first: 0, -1, 1, -2, 2 ... become 0, 1, 2
// ...
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "graph/byte_cursor.h"

namespace pollard::sparse {

inline void append(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const std::size_t begin = out.size();
  out.resize(begin + bytes.size());
  std::memcpy(out.data() + begin, bytes.data(), bytes.size());
}

template <std::unsigned_integral Number>
void write_fixed(std::vector<std::byte>& out, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i) out.push_back(std::byte(number >> (8 * i)));
}

inline void write_varint(std::vector<std::byte>& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out.push_back(std::byte(number | 0x80));
  out.push_back(std::byte(number));
}

/// Throws Error{Input} for more than 64 bits, and where a last byte adds nothing.
inline std::uint64_t read_varint(ByteCursor& cursor) {
  std::uint64_t number = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint64_t byte = cursor.u8();
    number |= (byte & 0x7F) << shift;
    if (byte >= 0x80 && shift < 63) continue;
    if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0)) cursor.fail("a number is malformed");
    return number;
  }
}

inline std::uint64_t fold(std::int64_t number) {
  return static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63);
}
inline std::int64_t unfold(std::uint64_t number) {
  return static_cast<std::int64_t>(number >> 1 ^ (~(number & 1) + 1));
}

}  // namespace pollard::sparse

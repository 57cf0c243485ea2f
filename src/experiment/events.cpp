#include "experiment/events.h"

#include <array>
#include <bit>

namespace pollard {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
    table[i] = crc;
  }
  return table;
}

// Little-endian bytes of an integer.
template <typename T>
std::string little_endian(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}

enum Wire : std::uint64_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

std::string key(std::uint64_t field, Wire wire) { return varint(field << 3 | wire); }
std::string field_double(std::uint64_t field, double value) {
  return key(field, Fixed64) + little_endian(std::bit_cast<std::uint64_t>(value));
}
std::string field_float(std::uint64_t field, float value) {
  return key(field, Fixed32) + little_endian(std::bit_cast<std::uint32_t>(value));
}
std::string field_bytes(std::uint64_t field, std::string_view bytes) {
  return key(field, Bytes) + varint(bytes.size()) + std::string(bytes);
}

// TFRecord stores checksums rotated and shifted, since a CRC of data that holds CRCs is weak.
std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xA282EAD8U; }

std::string record(const std::string& data) {
  const std::string length = little_endian(static_cast<std::uint64_t>(data.size()));
  return length + little_endian(masked(crc32c(length))) + data +
         little_endian(masked(crc32c(data)));
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = make_table();
  std::uint32_t crc = ~0U;
  for (const char c : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

std::string event_file_header(double wall_time) {
  return record(field_double(1, wall_time) + field_bytes(3, "brain.Event:2"));
}

std::string scalar_event(double wall_time, std::int64_t step, std::string_view tag, float value) {
  const std::string scalar = field_bytes(1, tag) + field_float(2, value);
  return record(field_double(1, wall_time) + key(2, Varint) +
                varint(static_cast<std::uint64_t>(step)) + field_bytes(5, field_bytes(1, scalar)));
}

}  // namespace pollard

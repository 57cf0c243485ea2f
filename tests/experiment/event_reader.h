// Reads TensorBoard event files, for tests: frames with their checksums, and of each event the
// step and the one scalar.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/events.h"

namespace pollard::test {

struct Scalar {
  std::int64_t step = 0;
  std::string tag;
  float value = 0;
  bool operator==(const Scalar&) const = default;
};

template <typename T>
T take(std::string_view& bytes) {
  T value{};
  if (bytes.size() < sizeof value) throw std::runtime_error("the event file ends within a number");
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

inline std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = take<std::uint8_t>(bytes);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
}

inline std::string_view take_bytes(std::string_view& bytes, std::uint64_t count) {
  if (count > bytes.size()) throw std::runtime_error("the event file ends within a record");
  const std::string_view taken = bytes.substr(0, count);
  bytes.remove_prefix(count);
  return taken;
}

inline void expect_checksum(std::string_view data, std::uint32_t stored) {
  const std::uint32_t crc = crc32c(data);
  EXPECT_EQ(stored, ((crc >> 15) | (crc << 17)) + 0xA282EAD8U);
}

/// The fields of a message, whatever their order: key -> content.
inline Scalar parse_message(std::string_view message, bool& is_scalar) {
  Scalar scalar;
  while (!message.empty()) {
    switch (take_varint(message)) {
      case 1 << 3 | 1:  // wall time
        EXPECT_GT(take<double>(message), 1.7e9);
        break;
      case 2 << 3 | 0:
        scalar.step = static_cast<std::int64_t>(take_varint(message));
        break;
      case 3 << 3 | 2:
        EXPECT_EQ(take_bytes(message, take_varint(message)), "brain.Event:2");
        break;
      case 5 << 3 | 2: {
        is_scalar = true;
        std::string_view summary = take_bytes(message, take_varint(message));
        EXPECT_EQ(take_varint(summary), std::uint64_t{1 << 3 | 2});
        std::string_view value = take_bytes(summary, take_varint(summary));
        EXPECT_TRUE(summary.empty());
        EXPECT_EQ(take_varint(value), std::uint64_t{1 << 3 | 2});
        scalar.tag = take_bytes(value, take_varint(value));
        EXPECT_EQ(take_varint(value), std::uint64_t{2 << 3 | 5});
        scalar.value = take<float>(value);
        EXPECT_TRUE(value.empty());
        break;
      }
      default:
        throw std::runtime_error("an unknown field in an event");
    }
  }
  return scalar;
}

/// The scalars of a whole file, which must begin with the one header.
inline std::vector<Scalar> read_events(std::string_view file) {
  std::vector<Scalar> scalars;
  for (std::size_t index = 0; !file.empty(); ++index) {
    const std::string_view length_bytes = file.substr(0, 8);
    const auto length = take<std::uint64_t>(file);
    expect_checksum(length_bytes, take<std::uint32_t>(file));
    const std::string_view data = take_bytes(file, length);
    expect_checksum(data, take<std::uint32_t>(file));
    bool is_scalar = false;
    const Scalar scalar = parse_message(data, is_scalar);
    EXPECT_EQ(is_scalar, index > 0) << "record " << index;
    if (is_scalar) scalars.push_back(scalar);
  }
  return scalars;
}

}  // namespace pollard::test

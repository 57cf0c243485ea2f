#include "sparse/packed_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "sparse/encoding.h"
#include "sparse/rice.h"

namespace pollard::sparse {
namespace {

constexpr std::uint8_t kAll = 0, kGaps = 1;      // positions
constexpr std::uint8_t kFloats = 0, kSplit = 1;  // values

constexpr std::uint64_t kLargestExponent = 255;
constexpr std::uint32_t kMantissaBits = 23;
constexpr std::uint32_t kMantissa = (1U << kMantissaBits) - 1;
constexpr std::size_t kSplitBytes = 3;  // sign and mantissa

std::uint64_t exponent_of(float value) {
  return std::bit_cast<std::uint32_t>(value) >> kMantissaBits & kLargestExponent;
}

// ---- writing ----------------------------------------------------------------------------------

/// How many zeros stand before each value.
std::vector<std::uint64_t> gaps_of(std::span<const float> values) {
  std::vector<std::uint64_t> gaps;
  std::uint64_t zeros = 0;
  for (const float value : values) {
    if (value == 0) {
      ++zeros;
    } else {
      gaps.push_back(zeros);
      zeros = 0;
    }
  }
  return gaps;
}

void write_values(std::vector<std::byte>& out, std::span<const float> values) {
  std::uint64_t largest = 0;
  for (const float value : values) largest = std::max(largest, exponent_of(value));
  std::vector<std::uint64_t> below;
  for (const float value : values) below.push_back(largest - exponent_of(value));
  const RiceChoice choice = choose_rice(below);
  if (2 + choice.bytes + kSplitBytes * values.size() >= values.size_bytes()) {
    write_fixed(out, kFloats);
    append(out, std::as_bytes(values));
    return;
  }
  write_fixed(out, kSplit);
  write_fixed(out, static_cast<std::uint8_t>(largest));
  write_fixed(out, static_cast<std::uint8_t>(choice.k));
  write_rice(out, below, choice.k);
  for (const float value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rest = (bits >> 31 << kMantissaBits) | (bits & kMantissa);
    for (const unsigned shift : {0U, 8U, 16U})
      write_fixed(out, static_cast<std::uint8_t>(rest >> shift));
  }
}

// ---- reading ----------------------------------------------------------------------------------

int read_k(ByteCursor& cursor) {
  const std::uint8_t k = cursor.u8();
  if (k > kLargestRice) cursor.fail("the parameter of a Rice code is too large");
  return k;
}

/// Nothing is allocated for values that cannot follow.
void check_room(ByteCursor& cursor, std::uint64_t values) {
  if (values > cursor.left() / kSplitBytes) {
    cursor.fail(fmt::format("{} values cannot follow in {} bytes", values, cursor.left()));
  }
}

/// Where the values lie, from the gaps between them.
std::vector<std::uint64_t> read_positions(ByteCursor& cursor, std::uint64_t elements) {
  const std::uint64_t count = read_varint(cursor);
  if (count > elements) cursor.fail("a tensor has more values than elements");
  check_room(cursor, count);
  RiceReader gaps(cursor, read_k(cursor));
  std::vector<std::uint64_t> positions(count);
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    positions[i] = next + gaps.next(elements - next - (count - i));
    next = positions[i] + 1;
  }
  gaps.finish();
  return positions;
}

/// Calls place(i, value) for i = 0 ... count - 1.
template <typename Place>
void read_values(ByteCursor& cursor, std::uint64_t count, const Place& place) {
  const std::uint8_t form = cursor.u8();
  if (form == kFloats) {
    check_room(cursor, count);
    const std::span<const std::byte> bytes = cursor.take(count * sizeof(float));
    for (std::uint64_t i = 0; i < count; ++i) {
      float value = 0;
      std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
      place(i, value);
    }
    return;
  }
  if (form != kSplit) cursor.fail("the values of a tensor are in an unknown form");
  const std::uint64_t largest = cursor.u8();
  const int k = read_k(cursor);
  check_room(cursor, count);
  std::vector<std::uint8_t> exponents(count);
  RiceReader codes(cursor, k);
  for (std::uint8_t& exponent : exponents)
    exponent = static_cast<std::uint8_t>(largest - codes.next(largest));
  codes.finish();
  const std::span<const std::byte> bytes = cursor.take(count * kSplitBytes);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint32_t rest = 0;
    std::memcpy(&rest, bytes.data() + i * kSplitBytes, kSplitBytes);
    const std::uint32_t sign = rest >> kMantissaBits << 31;
    const std::uint32_t exponent = std::uint32_t{exponents[i]} << kMantissaBits;
    place(i, std::bit_cast<float>(sign | exponent | (rest & kMantissa)));
  }
}

}  // namespace

void write_packed(std::vector<std::byte>& out, std::span<const float> values) {
  std::vector<float> kept;
  for (const float value : values) {
    if (value != 0) kept.push_back(value);
  }
  std::vector<std::byte> sparse{std::byte{kGaps}}, dense{std::byte{kAll}};
  const std::vector<std::uint64_t> gaps = gaps_of(values);
  const RiceChoice choice = choose_rice(gaps);
  write_varint(sparse, gaps.size());
  write_fixed(sparse, static_cast<std::uint8_t>(choice.k));
  write_rice(sparse, gaps, choice.k);
  write_values(sparse, kept);
  // All values take no less than this.
  if (sparse.size() < dense.size() + kSplitBytes * values.size()) return append(out, sparse);
  std::vector<float> all(values.begin(), values.end());
  for (float& value : all) {
    if (value == 0) value = 0;  // without its sign
  }
  write_values(dense, all);
  append(out, sparse.size() < dense.size() ? sparse : dense);
}

void read_packed(ByteCursor& cursor, std::span<float> values) {
  const std::uint8_t form = cursor.u8();
  if (form == kAll) {
    read_values(cursor, values.size(), [&](std::uint64_t i, float value) { values[i] = value; });
  } else if (form == kGaps) {
    const std::vector<std::uint64_t> positions = read_positions(cursor, values.size());
    read_values(cursor, positions.size(),
                [&](std::uint64_t i, float value) { values[positions[i]] = value; });
  } else {
    cursor.fail("the positions of a tensor's values are in an unknown form");
  }
}

}  // namespace pollard::sparse

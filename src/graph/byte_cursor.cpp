#include "graph/byte_cursor.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "pollard/error.h"

namespace pollard {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie");

void refuse(std::string_view place, const std::string& problem, std::string_view hint) {
  throw Error(ErrorCode::Input, fmt::format("{}: {}", place, problem), std::string(hint));
}

void refuse(const TensorName& tensor, const std::string& problem, std::string_view hint) {
  refuse(tensor.origin, fmt::format("tensor '{}' {}", shortened(tensor.name), problem), hint);
}

std::string shortened(std::string_view text) {
  constexpr std::size_t longest = 80;
  if (text.size() <= longest) return std::string(text);
  return std::string(text.substr(0, longest)) + "...";
}

ByteCursor::ByteCursor(std::span<const std::byte> bytes, std::string_view place,
                       std::string_view hint)
    : bytes_(bytes), place_(place), hint_(hint) {}

template <typename T>
T ByteCursor::number() {
  T value;
  std::memcpy(&value, take(sizeof value).data(), sizeof value);
  return value;
}

template std::uint8_t ByteCursor::number();
template std::uint16_t ByteCursor::number();
template std::uint32_t ByteCursor::number();
template std::uint64_t ByteCursor::number();

std::span<const std::byte> ByteCursor::take(std::uint64_t length) {
  if (length > left()) {
    fail(fmt::format("{} more bytes were expected, but only {} follow", length, left()));
  }
  const auto piece = bytes_.subspan(position_, length);
  position_ += length;
  return piece;
}

std::string_view ByteCursor::text(std::uint64_t length) {
  const std::span<const std::byte> piece = take(length);
  return {reinterpret_cast<const char*>(piece.data()), piece.size()};
}

std::string_view ByteCursor::line() {
  const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + position_, left());
  const std::size_t length = rest.find('\n');
  if (length == std::string_view::npos) fail("a line was expected, but none ends");
  position_ += length + 1;
  return rest.substr(0, length);
}

void ByteCursor::fail(const std::string& problem) const {
  refuse(place_, fmt::format("at byte {}, {}", position_, problem), hint_);
}

}  // namespace pollard

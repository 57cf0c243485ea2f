// A position in the bytes of a file that is not trusted: every step is checked against what is
// left. Numbers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pollard {

inline constexpr std::string_view kDamagedPytorch =
    "the file is damaged or not one that torch.save wrote; in Python, "
    "torch.save(model.state_dict(), FILE) makes one that can be read";

/// Throws Error{Input}: "PLACE: PROBLEM".
[[noreturn]] void refuse(std::string_view place, const std::string& problem,
                         std::string_view hint = kDamagedPytorch);

/// A tensor that messages are about.
struct TensorName {
  std::string_view origin, name;
};
/// Throws Error{Input}: "ORIGIN: tensor 'NAME' PROBLEM".
[[noreturn]] void refuse(const TensorName& tensor, const std::string& problem,
                         std::string_view hint = kDamagedPytorch);

/// Text from a file for a message, which a hostile file must not make long.
[[nodiscard]] std::string shortened(std::string_view text);

class ByteCursor {
 public:
  /// `place` is what messages begin with: the file, and what of it the bytes are. `hint` (text that
  /// stays) is what they advise.
  ByteCursor(std::span<const std::byte> bytes, std::string_view place,
             std::string_view hint = kDamagedPytorch);

  [[nodiscard]] std::uint8_t u8() { return number<std::uint8_t>(); }
  [[nodiscard]] std::uint16_t u16() { return number<std::uint16_t>(); }
  [[nodiscard]] std::uint32_t u32() { return number<std::uint32_t>(); }
  [[nodiscard]] std::uint64_t u64() { return number<std::uint64_t>(); }

  [[nodiscard]] std::span<const std::byte> take(std::uint64_t length);
  void skip(std::uint64_t length) { (void)take(length); }
  [[nodiscard]] std::string_view text(std::uint64_t length);
  /// Up to the next line feed, which is passed but not given.
  [[nodiscard]] std::string_view line();

  /// All that is left, without passing it.
  [[nodiscard]] std::span<const std::byte> rest() const { return bytes_.subspan(position_); }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - position_; }
  [[nodiscard]] const std::string& place() const { return place_; }
  /// Throws Error{Input}: "PLACE: at byte POSITION, PROBLEM".
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  template <typename T>
  T number();

  std::span<const std::byte> bytes_;
  std::string place_;
  std::string_view hint_;
  std::size_t position_ = 0;
};

}  // namespace pollard

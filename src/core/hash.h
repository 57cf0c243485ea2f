// Content hashes: XXH3 with 128 bits, as 32 hexadecimal digits. For identity and damage, not for
// security.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct XXH3_state_s;

namespace pollard {

class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  /// Each call adds the length too, so ("ab", "c") and ("a", "bc") differ.
  Hasher& add(std::string_view text);
  Hasher& add(std::span<const std::byte> bytes);
  [[nodiscard]] std::string hex() const;

 private:
  XXH3_state_s* state_;
};

[[nodiscard]] std::string content_hash(std::string_view text);

/// 64 bits of a text, for keys of random streams.
[[nodiscard]] std::uint64_t hash64(std::string_view text);

}  // namespace pollard

// Rice codes: a number n with parameter k is n >> k zeros, a one, then the k low bits of n. Bits
// fill bytes from the lowest one on. Short where numbers spread around 2^k; with k = 0, the gaps
// between the ones of a bit mask are the bit mask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/byte_cursor.h"

namespace pollard::sparse {

constexpr int kLargestRice = 31;

struct RiceChoice {
  int k = 0;
  std::uint64_t bytes = 0;  // that the codes take
};
/// The k that makes these numbers shortest.
[[nodiscard]] RiceChoice choose_rice(std::span<const std::uint64_t> numbers);

/// Appends the codes, the last byte filled with zeros.
void write_rice(std::vector<std::byte>& out, std::span<const std::uint64_t> numbers, int k);

/// Codes from where the cursor stands. finish() moves it behind their last byte.
class RiceReader {
 public:
  RiceReader(ByteCursor& cursor, int k) : cursor_(cursor), bytes_(cursor.rest()), k_(k) {}

  /// Throws Error{Input} for a number above `largest`, or where the bytes end.
  [[nodiscard]] std::uint64_t next(std::uint64_t largest);
  /// Throws Error{Input} where a bit after the last code is set.
  void finish();

 private:
  /// The bits that follow, `bits_here` of them.
  [[nodiscard]] std::uint64_t peek(unsigned& bits_here) const;

  ByteCursor& cursor_;
  std::span<const std::byte> bytes_;
  int k_;
  std::uint64_t position_ = 0;  // in bits
};

}  // namespace pollard::sparse

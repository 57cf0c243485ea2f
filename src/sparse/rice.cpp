#include "sparse/rice.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace pollard::sparse {
namespace {

std::uint64_t low_bits(std::uint64_t number, int count) {
  return number & ((std::uint64_t{1} << count) - 1);
}

std::uint64_t rice_bits(std::span<const std::uint64_t> numbers, int k) {
  std::uint64_t bits = numbers.size() * static_cast<std::uint64_t>(1 + k);
  for (const std::uint64_t number : numbers) bits += number >> k;
  return bits;
}

}  // namespace

// The length as a function of k falls, then rises.
RiceChoice choose_rice(std::span<const std::uint64_t> numbers) {
  int best = 0;
  std::uint64_t bits = rice_bits(numbers, 0);
  for (int k = 1; k <= kLargestRice; ++k) {
    const std::uint64_t longer = rice_bits(numbers, k);
    if (longer >= bits) break;
    best = k;
    bits = longer;
  }
  return {best, (bits + 7) / 8};
}

void write_rice(std::vector<std::byte>& out, std::span<const std::uint64_t> numbers, int k) {
  const std::size_t begin = out.size();
  out.resize(begin + (rice_bits(numbers, k) + 7) / 8);
  std::byte* const bytes = out.data() + begin;
  std::uint64_t position = 0;
  for (const std::uint64_t number : numbers) {
    position += number >> k;
    for (std::uint64_t bits = 1 | low_bits(number, k) << 1; bits != 0; bits &= bits - 1) {
      const std::uint64_t at = position + static_cast<unsigned>(std::countr_zero(bits));
      bytes[at / 8] |= std::byte{1} << (at % 8);
    }
    position += static_cast<unsigned>(1 + k);
  }
}

std::uint64_t RiceReader::peek(unsigned& bits_here) const {
  const std::uint64_t byte = position_ / 8;
  const auto shift = static_cast<unsigned>(position_ % 8);
  const auto length = static_cast<unsigned>(std::min<std::uint64_t>(8, bytes_.size() - byte));
  std::uint64_t word = 0;
  if (length > 0) std::memcpy(&word, bytes_.data() + byte, length);
  bits_here = length > 0 ? 8 * length - shift : 0;
  return word >> shift;
}

std::uint64_t RiceReader::next(std::uint64_t largest) {
  std::uint64_t zeros = 0;
  unsigned here = 0;
  std::uint64_t word = peek(here);
  while (word == 0) {
    zeros += here;
    position_ += here;
    if (here == 0) cursor_.fail("the bytes end within a code");
    if (zeros > largest >> k_) break;
    word = peek(here);
  }
  const auto last = static_cast<unsigned>(std::countr_zero(word));  // 64 after a break
  zeros += last;
  if (zeros > largest >> k_) cursor_.fail("a code is too large for the tensor");
  position_ += last + 1;
  word = peek(here);
  if (here < static_cast<unsigned>(k_)) cursor_.fail("the bytes end within a code");
  position_ += static_cast<unsigned>(k_);
  const std::uint64_t number = zeros << k_ | low_bits(word, k_);
  if (number > largest) cursor_.fail("a code is too large for the tensor");
  return number;
}

void RiceReader::finish() {
  const auto used = static_cast<unsigned>(position_ % 8);
  if (used != 0 && std::to_integer<unsigned>(bytes_[position_ / 8]) >> used != 0) {
    cursor_.fail("the bits after the last code are not zero");
  }
  cursor_.skip((position_ + 7) / 8);
}

}  // namespace pollard::sparse

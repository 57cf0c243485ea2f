// Files broken in a thousand ways, always the same ones, and what must hold of each: it is read, or
// refused by an error that names it; none crashes, takes long or needs much memory.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "pollard/error.h"
#include "pollard/random.h"

namespace pollard::test {

// ---- ways to break ----------------------------------------------------------------------------

inline std::size_t anywhere(RandomStream& random, const std::string& text) {
  return random.below(static_cast<std::uint32_t>(text.size() + 1));
}

inline void flip_a_bit(RandomStream& random, std::string& text) {
  if (text.empty()) return;
  text[anywhere(random, text) % text.size()] ^= static_cast<char>(1U << random.below(8));
}

inline void cut(RandomStream& random, std::string& text) { text.resize(anywhere(random, text)); }

inline void remove_a_piece(RandomStream& random, std::string& text) {
  text.erase(anywhere(random, text), 1 + random.below(40));
}

/// Copies a piece to somewhere else.
inline void splice(RandomStream& random, std::string& text) {
  const std::string piece = text.substr(anywhere(random, text), 1 + random.below(60));
  text.insert(anywhere(random, text), piece);
}

/// Writes a number over 1, 2, 4 or 8 bytes: the least, the greatest, or near the file's size.
inline void set_a_number(RandomStream& random, std::string& text) {
  const std::uint64_t numbers[] = {
      0,          1,          0x7F,        ~0ULL,           ~0ULL >> 1,
      1ULL << 63, 0x7FFFFFFF, text.size(), text.size() - 1, random.below(1 << 16)};
  std::string bytes(sizeof(std::uint64_t), '\0');
  std::memcpy(bytes.data(), &numbers[random.below(std::size(numbers))], bytes.size());
  const std::size_t at = anywhere(random, text), size = std::size_t{1} << random.below(4);
  text.replace(at, size, bytes.substr(0, std::min(size, text.size() - at)));
}

using Break = void (*)(RandomStream&, std::string&);

const std::vector<Break> kAnyFile = {flip_a_bit, cut, remove_a_piece, splice, set_a_number};

/// One to three of the ways, at the address `index`.
inline std::string broken(std::string text, std::uint32_t index, const std::vector<Break>& ways) {
  RandomStream random(2025, Purpose::Testing, 1, index);
  for (std::uint32_t changes = 1 + random.below(3); changes > 0; --changes) {
    ways[random.below(static_cast<std::uint32_t>(ways.size()))](random, text);
  }
  return text;
}

// ---- what must hold ---------------------------------------------------------------------------

/// Reads a file that it calls "broken", and says how many bytes of it are held then.
using Reader = std::size_t (*)(const std::string& file);

struct Tally {
  std::uint32_t read = 0, refused = 0;
};

/// Reads it, or counts the error; anything else fails the test.
inline void expect_read_or_refused(const std::string& file, Reader reader, Tally& tally) {
  try {
    ASSERT_LE(reader(file), (std::size_t{64} << 20) + 16 * file.size());
    ++tally.read;
  } catch (const Error& error) {
    ASSERT_EQ(error.code(), ErrorCode::Input) << error.what();
    ASSERT_THAT(error.what(), ::testing::StartsWith("broken"));
    ASSERT_LT(std::string(error.what()).size(), 2000U);
    ASSERT_FALSE(error.hint().empty()) << error.what();
    ++tally.refused;
  }
}

inline std::int64_t peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

/// A thousand files of one kind.
inline void expect_all_read_or_refused(Reader reader,
                                       const std::function<std::string(std::uint32_t)>& make) {
  using Clock = std::chrono::steady_clock;
  constexpr std::uint32_t kCases = 1000;
  [[maybe_unused]] const std::int64_t peak = peak_megabytes();
  Tally tally;
  for (std::uint32_t index = 0; index < kCases; ++index) {
    SCOPED_TRACE(index);
    const std::string file = make(index);
    const Clock::time_point begin = Clock::now();
    ASSERT_NO_FATAL_FAILURE(expect_read_or_refused(file, reader, tally));
    ASSERT_LT(Clock::now() - begin, std::chrono::seconds(2));
  }
  EXPECT_GT(tally.refused, kCases / 10);
#ifndef POLLARD_SANITIZE  // which keeps freed memory aside
  EXPECT_LT(peak_megabytes() - peak, 200);
#endif
}

}  // namespace pollard::test

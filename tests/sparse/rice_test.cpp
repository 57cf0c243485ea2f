#include "sparse/rice.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "support/thrown.h"

namespace pollard::sparse {
namespace {

std::vector<std::uint64_t> read_all(std::span<const std::byte> bytes, std::size_t count, int k,
                                    std::uint64_t largest) {
  ByteCursor cursor(bytes, "codes");
  RiceReader reader(cursor, k);
  std::vector<std::uint64_t> numbers;
  while (numbers.size() < count) numbers.push_back(reader.next(largest));
  reader.finish();
  EXPECT_EQ(cursor.left(), 0U);
  return numbers;
}

TEST(Rice, WritesTheBitsOfItsDefinition) {
  // k = 2: 0 is 1 00; 5 is 0 1 then 01, low bit first; 11 is 00 1 then 11. Low bits of bytes first:
  //   1 00 | 0 1 10 | 0  ->  0b0011'0001;  0 1 11 | 0000  ->  0b0000'1110
  std::vector<std::byte> bytes;
  write_rice(bytes, std::vector<std::uint64_t>{0, 5, 11}, 2);
  EXPECT_EQ(bytes, (std::vector{std::byte{0b0011'0001}, std::byte{0b0000'1110}}));
}

TEST(Rice, IsABitMaskOfGapsWithParameterZero) {
  // Elements 1, 2, 5, 9 of ten: gaps 1, 0, 2, 3.
  std::vector<std::byte> bytes;
  write_rice(bytes, std::vector<std::uint64_t>{1, 0, 2, 3}, 0);
  EXPECT_EQ(bytes, (std::vector{std::byte{0b0010'0110}, std::byte{0b0000'0010}}));
}

TEST(Rice, ReadsLongRunsOfZerosAndTheLargestNumbers) {
  const std::vector<std::uint64_t> numbers{1000, 0, 63, 64, 65, 127, 128};
  for (const int k : {0, 1, 5}) {
    std::vector<std::byte> bytes;
    write_rice(bytes, numbers, k);
    EXPECT_EQ(read_all(bytes, numbers.size(), k, 1000), numbers) << k;
  }
}

RC_GTEST_PROP(Rice, GivesBackWhatWasWritten, ()) {
  const int k = *rc::gen::inRange(0, kLargestRice + 1);
  const int bits = *rc::gen::inRange(1, std::min(k + 8, 40));
  const auto numbers = *rc::gen::container<std::vector<std::uint64_t>>(
      rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << bits));
  std::vector<std::byte> bytes(3);  // what stands before stays
  write_rice(bytes, numbers, k);
  RC_ASSERT(read_all(std::span(bytes).subspan(3), numbers.size(), k, (1ULL << bits) - 1) ==
            numbers);
}

RC_GTEST_PROP(Rice, ChoosesTheParameterThatIsShortest, ()) {
  const auto numbers =
      *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 5000));
  const RiceChoice choice = choose_rice(numbers);
  std::size_t shortest = std::numeric_limits<std::size_t>::max();
  for (int k = 0; k <= 20; ++k) {
    std::vector<std::byte> bytes;
    write_rice(bytes, numbers, k);
    shortest = std::min(shortest, bytes.size());
    if (k == choice.k) RC_ASSERT(bytes.size() == choice.bytes);
  }
  RC_ASSERT(choice.bytes == shortest);
}

TEST(Rice, RefusesNumbersThatAreTooLarge) {
  std::vector<std::byte> bytes;
  write_rice(bytes, std::vector<std::uint64_t>{20}, 2);
  EXPECT_EQ(read_all(bytes, 1, 2, 20).front(), 20U);
  EXPECT_STREQ(test::thrown_by([&] { (void)read_all(bytes, 1, 2, 19); }).what(),
               "codes: at byte 0, a code is too large for the tensor");
  // Many zeros in a row must not overflow what they count.
  const std::vector<std::byte> zeros(1000);
  EXPECT_STREQ(test::thrown_by([&] { (void)read_all(zeros, 1, 31, 1ULL << 33); }).what(),
               "codes: at byte 0, a code is too large for the tensor");
}

TEST(Rice, RefusesBytesThatEndWithinACode) {
  std::vector<std::byte> bytes;
  write_rice(bytes, std::vector<std::uint64_t>{300, 7000}, 8);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto error =
        test::thrown_by([&] { (void)read_all(std::span(bytes).first(length), 2, 8, 1U << 20); });
    EXPECT_STREQ(error.what(), "codes: at byte 0, the bytes end within a code") << length;
  }
}

TEST(Rice, RefusesBitsAfterTheLastCode) {
  const std::vector bytes{std::byte{0b1000'0001}};
  EXPECT_STREQ(test::thrown_by([&] { (void)read_all(bytes, 1, 0, 9); }).what(),
               "codes: at byte 0, the bits after the last code are not zero");
}

}  // namespace
}  // namespace pollard::sparse

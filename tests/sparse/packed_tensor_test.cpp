#include "sparse/packed_tensor.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "sparse/plrd_networks.h"
#include "support/thrown.h"

namespace pollard::sparse {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::initializer_list<int> numbers) {
  Bytes bytes;
  for (const int number : numbers) bytes.push_back(static_cast<std::byte>(number));
  return bytes;
}

Bytes packed(const std::vector<float>& values) {
  Bytes bytes;
  write_packed(bytes, values);
  return bytes;
}

std::vector<float> unpacked(std::span<const std::byte> bytes, std::size_t count) {
  std::vector<float> values(count);
  ByteCursor cursor(bytes, "tensor", "");
  read_packed(cursor, values);
  EXPECT_EQ(cursor.left(), 0U);
  return values;
}

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

TEST(PackedTensor, WritesTheBytesOfItsDefinition) {
  // Zeros before the values: 2, 0, 4, 1; k = 0: 001 1 00001 01, from the lowest bit on. Exponents
  // 127, 127, 125, 126 are 0, 0, 2, 1 below the largest: 1 1 001 01. Mantissas: only 1.5's is not
  // 0.
  const std::vector<float> values{0, 0, 1, -1.5F, 0, 0, -0.0F, 0, 0.25F, 0, 0.5F, 0};
  const Bytes expected = bytes_of({1, 4,   0, 0b0000'1100, 0b101,  //
                                   1, 127, 0, 0b0101'0011,         //
                                   0, 0,   0, 0,           0,     0xC0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(packed(values), expected);
}

TEST(PackedTensor, KeepsSmallTensorsAsTheyAre) {
  EXPECT_EQ(packed({2.0F}), bytes_of({0, 0, 0, 0, 0, 0x40}));
  EXPECT_EQ(packed({0, 0, 0, 0, 0}), bytes_of({1, 0, 0, 0}));
  EXPECT_EQ(packed({}), bytes_of({0, 0}));
}

RC_GTEST_PROP(PackedTensor, GivesBackEveryBitButTheSignOfZero, ()) {
  std::mt19937 random(*rc::gen::arbitrary<std::uint32_t>());
  const auto count = *rc::gen::inRange<std::size_t>(0, 600);
  const double density = *rc::gen::element(0.0, 0.02, 0.05, 0.3, 0.9, 1.0);
  std::vector<float> values = test::random_values(random, count, density);
  const bool odd = *rc::gen::arbitrary<bool>();
  for (float& value : values) {
    if (odd && value != 0) value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (value == 0) value = 0;
  }
  RC_ASSERT(bits_of(unpacked(packed(values), count)) == bits_of(values));
}

TEST(PackedTensor, HoldsWhatIsNoNumber) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> values{std::bit_cast<float>(0x7FC01234U),
                                  std::bit_cast<float>(0xFFFFFFFFU),
                                  infinity,
                                  -infinity,
                                  std::numeric_limits<float>::denorm_min(),
                                  -std::numeric_limits<float>::max()};
  EXPECT_EQ(bits_of(unpacked(packed(values), values.size())), bits_of(values));
}

// Bytes a weight that is left. A bit mask with F32 values takes 6.5, CSR with 16-bit columns 6.
TEST(PackedTensor, TakesFourBytesAWeightWhereTheSmallestWentTo95Percent) {
  std::mt19937 random(1);
  std::vector<float> values = test::random_values(random, 100'000, 1);
  std::vector<float> magnitudes;
  for (const float value : values) magnitudes.push_back(std::abs(value));
  std::ranges::sort(magnitudes);
  for (float& value : values) {
    if (std::abs(value) < magnitudes[95'000]) value = 0;
  }
  const double each = static_cast<double>(packed(values).size()) / 5000;
  EXPECT_LT(each, 4.1);
  EXPECT_GT(each, 3 + 5.7 / 8);  // sign and mantissa, and the entropy of a position
}

TEST(PackedTensor, RefusesWhatCannotBe) {
  const auto refusal = [](const Bytes& bytes, std::size_t count) {
    return std::string(test::thrown_by([&] { (void)unpacked(bytes, count); }).what());
  };
  EXPECT_EQ(refusal(bytes_of({2}), 1),
            "tensor: at byte 1, the positions of a tensor's values are in an unknown form");
  EXPECT_EQ(refusal(bytes_of({0, 2}), 1),
            "tensor: at byte 2, the values of a tensor are in an unknown form");
  EXPECT_EQ(refusal(bytes_of({1, 4, 0}), 3),
            "tensor: at byte 2, a tensor has more values than elements");
  EXPECT_EQ(refusal(bytes_of({1, 3, 0, 7, 0}), 3),
            "tensor: at byte 2, 3 values cannot follow in 3 bytes");
  EXPECT_EQ(refusal(bytes_of({1, 0, 32, 0}), 3),
            "tensor: at byte 3, the parameter of a Rice code is too large");
  EXPECT_EQ(refusal(bytes_of({0, 1, 5, 0, 0b100'0000, 0, 0, 0}), 1),
            "tensor: at byte 4, a code is too large for the tensor");  // exponent 5 - 6
  EXPECT_EQ(refusal(bytes_of({0, 0, 1, 2, 3}), 1),
            "tensor: at byte 2, 4 more bytes were expected, but only 3 follow");
  // The second of two values in three elements has at most one zero before it.
  EXPECT_EQ(refusal(bytes_of({1, 2, 0, 0b1001, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 3),
            "tensor: at byte 3, a code is too large for the tensor");
}

}  // namespace
}  // namespace pollard::sparse

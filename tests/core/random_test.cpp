#include "pollard/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

namespace pollard {
namespace {

using Block = std::array<std::uint32_t, 4>;

// The known answers of Random123 (kat_vectors, philox4x32 10).
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// From a separate implementation in Python. These pin the identity of every run: never change them.
TEST(RandomStream, GivesTheGoldenDraws) {
  RandomStream stream(7, Purpose::Augmentation, 5, (std::uint64_t{3} << 32) | 11);
  for (const std::uint32_t expected :
       {0x53bf5354U, 0x837324ccU, 0x644e530eU, 0xf8e6c6edU, 0x8eee0a9bU, 0x703e22d7U}) {
    EXPECT_EQ(stream.next_u32(), expected);
  }
  RandomStream uniform(7, Purpose::Augmentation, 5, 11);
  for (const float expected : {0.8860613107681274F, 0.6281246542930603F, 0.4869520664215088F}) {
    EXPECT_EQ(uniform.uniform(), expected);
  }
  RandomStream normal(1, Purpose::Initialization, 0, 0);
  for (const float expected :
       {-0.09306446738931475F, 0.3604672907244634F, -0.17362340738555876F, -1.686812208153629F}) {
    EXPECT_NEAR(normal.normal(), expected, 2e-6F);
  }
  EXPECT_EQ(permutation(10, 42, Purpose::Shuffle, 1),
            (std::vector<std::uint32_t>{2, 9, 1, 7, 6, 8, 0, 4, 5, 3}));
}

TEST(RandomStream, EveryPartOfTheAddressMatters) {
  const auto first = [](std::uint64_t seed, Purpose purpose, std::uint32_t epoch,
                        std::uint64_t index) {
    return RandomStream(seed, purpose, epoch, index).next_u32();
  };
  const std::set<std::uint32_t> draws = {first(1, Purpose::Testing, 0, 0),
                                         first(2, Purpose::Testing, 0, 0),
                                         first(std::uint64_t{1} << 40 | 1, Purpose::Testing, 0, 0),
                                         first(1, Purpose::Shuffle, 0, 0),
                                         first(1, Purpose::Testing, 1, 0),
                                         first(1, Purpose::Testing, 0, 1),
                                         first(1, Purpose::Testing, 0, std::uint64_t{1} << 32)};
  EXPECT_EQ(draws.size(), 7U);
}

TEST(RandomStream, ACopyContinuesWhereItWasTaken) {
  RandomStream stream(3, Purpose::Testing, 0, 0);
  (void)stream.next_u32();
  RandomStream copy = stream;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(copy.next_u32(), stream.next_u32());
}

TEST(RandomStream, UniformFillsItsInterval) {
  RandomStream stream(4, Purpose::Testing, 0, 0);
  constexpr int draws = 40000;
  std::array<int, 10> bins{};
  for (int i = 0; i < draws; ++i) {
    const float x = stream.uniform();
    ASSERT_GE(x, 0.0F);
    ASSERT_LT(x, 1.0F);
    ++bins[static_cast<std::size_t>(x * 10)];
  }
  // Five standard deviations of a binomial count.
  const double tolerance = 5 * std::sqrt(draws * 0.1 * 0.9);
  for (const int count : bins) EXPECT_NEAR(count, draws / 10, tolerance);
}

TEST(RandomStream, BelowIsUniformForBoundsThatDivideNothing) {
  RandomStream stream(5, Purpose::Testing, 0, 0);
  constexpr int draws = 35000;
  std::array<int, 7> counts{};
  for (int i = 0; i < draws; ++i) ++counts.at(stream.below(7));
  const double tolerance = 5 * std::sqrt(draws / 7.0 * 6 / 7);
  for (const int count : counts) EXPECT_NEAR(count, draws / 7, tolerance);
}

// With this bound a plain multiplication would draw each third number twice as often.
TEST(RandomStream, BelowRejectsWhatWouldBias) {
  RandomStream stream(6, Purpose::Testing, 0, 0);
  constexpr std::uint32_t bound = 0xC0000000U;
  constexpr int draws = 30000;
  int third = 0;
  for (int i = 0; i < draws; ++i) {
    const std::uint32_t x = stream.below(bound);
    ASSERT_LT(x, bound);
    third += x % 3 == 0 ? 1 : 0;
  }
  EXPECT_NEAR(third, draws / 3, 5 * std::sqrt(draws * 2.0 / 9));
}

TEST(RandomStream, BelowOneIsAlwaysZero) {
  RandomStream stream(8, Purpose::Testing, 0, 0);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(stream.below(1), 0U);
}

TEST(RandomStream, NormalHasTheMomentsOfANormal) {
  RandomStream stream(9, Purpose::Testing, 0, 0);
  constexpr int draws = 40000;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < draws; ++i) {
    const double x = stream.normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  // Variances of the estimates: 1, 2 and 96 over the number of draws.
  EXPECT_NEAR(sum / draws, 0, 5 * std::sqrt(1.0 / draws));
  EXPECT_NEAR(squares / draws, 1, 5 * std::sqrt(2.0 / draws));
  EXPECT_NEAR(fourth / draws, 3, 5 * std::sqrt(96.0 / draws));
}

TEST(Permutation, HoldsEveryNumberOnce) {
  for (const std::uint32_t count : {0U, 1U, 2U, 17U, 1000U}) {
    std::vector<std::uint32_t> order = permutation(count, 1, Purpose::Shuffle, 3);
    std::ranges::sort(order);
    std::vector<std::uint32_t> expected(count);
    std::iota(expected.begin(), expected.end(), 0U);
    EXPECT_EQ(order, expected);
  }
}

TEST(Permutation, DependsOnItsAddressOnly) {
  EXPECT_EQ(permutation(100, 1, Purpose::Shuffle, 3), permutation(100, 1, Purpose::Shuffle, 3));
  EXPECT_NE(permutation(100, 1, Purpose::Shuffle, 3), permutation(100, 1, Purpose::Shuffle, 4));
  EXPECT_NE(permutation(100, 1, Purpose::Shuffle, 3), permutation(100, 2, Purpose::Shuffle, 3));
  EXPECT_NE(permutation(100, 1, Purpose::Shuffle, 3), permutation(100, 1, Purpose::Selection, 3));
}

// All 24 orders of four should be equally frequent.
TEST(Permutation, FavoursNoOrder) {
  std::map<std::vector<std::uint32_t>, int> counts;
  constexpr int draws = 12000;
  for (std::uint32_t epoch = 0; epoch < draws; ++epoch) {
    ++counts[permutation(4, 10, Purpose::Testing, epoch)];
  }
  EXPECT_EQ(counts.size(), 24U);
  const double tolerance = 5 * std::sqrt(draws / 24.0);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, draws / 24, tolerance);
}

}  // namespace
}  // namespace pollard

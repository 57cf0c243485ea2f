// The selection against a stable sort, on scores made to collide.
#include "pollard/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "pollard/error.h"
#include "support/threads.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::Threads;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Scores = std::vector<std::vector<float>>;
using Keeps = std::vector<std::vector<std::uint8_t>>;

Keeps selected(const Scores& scores, Keeps keep, std::int64_t count) {
  std::vector<SelectionItem> items;
  for (std::size_t i = 0; i < scores.size(); ++i) items.push_back({scores[i], keep[i]});
  select_largest(items, count);
  return keep;
}

/// The definition: sort by magnitude, stable, so that earlier items and indices come first.
Keeps sorted(const Scores& scores, Keeps keep, std::int64_t count) {
  struct Entry {
    float magnitude;
    std::size_t item, index;
  };
  std::vector<Entry> entries;
  for (std::size_t item = 0; item < scores.size(); ++item) {
    for (std::size_t i = 0; i < scores[item].size(); ++i) {
      if (keep[item][i] != 0) entries.push_back({std::abs(scores[item][i]), item, i});
    }
    std::ranges::fill(keep[item], std::uint8_t{0});
  }
  std::ranges::stable_sort(entries, std::greater{}, &Entry::magnitude);
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    keep[entries[i].item][entries[i].index] = 1;
  }
  return keep;
}

std::int64_t ones(const Keeps& keep) {
  std::int64_t total = 0;
  for (const auto& item : keep) total += std::ranges::count_if(item, [](auto k) { return k != 0; });
  return total;
}

/// `kind` 0: normal; 1: a few values, zeros, denormals and extremes among them; 2: values that
/// differ in their last bits only; 3: one value.
float draw(std::mt19937& random, int kind) {
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  constexpr float kPalette[] = {0.0f,
                                -0.0f,
                                kTiny,
                                -kTiny,
                                1e-40f,
                                -1e-40f,
                                0.5f,
                                -0.5f,
                                0.25f,
                                1e30f,
                                -std::numeric_limits<float>::max(),
                                -0.25f};
  if (kind == 0) return std::normal_distribution<float>()(random);
  if (kind == 1) return kPalette[random() % std::size(kPalette)];
  if (kind == 2) {
    const float value = 1.0f + static_cast<float>(random() % 64) * 0x1p-23f;
    return random() % 2 == 0 ? value : -value;
  }
  return 0.125f;
}

struct Case {
  Scores scores;
  Keeps keep;
};

Case random_case(std::mt19937& random, std::size_t items, std::size_t largest) {
  Case result;
  const int kind = static_cast<int>(random() % 4);
  const std::uint32_t eligible_percent = std::array{100u, 100u, 50u, 3u}[random() % 4];
  for (std::size_t item = 0; item < items; ++item) {
    const std::size_t size = random() % (largest + 1);
    std::vector<float>& scores = result.scores.emplace_back();
    std::vector<std::uint8_t>& keep = result.keep.emplace_back();
    for (std::size_t i = 0; i < size; ++i) {
      scores.push_back(draw(random, kind));
      keep.push_back(random() % 100 < eligible_percent ? 1 : 0);
    }
  }
  return result;
}

std::int64_t random_count(std::mt19937& random, std::int64_t eligible) {
  switch (random() % 4) {
    case 0:
      return 0;
    case 1:
      return eligible;
    case 2:
      return std::min<std::int64_t>(1, eligible);
    default:
      return static_cast<std::int64_t>(random()) % (eligible + 1);
  }
}

TEST(SelectLargest, AgreesWithAStableSort) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const Case c = random_case(random, 1 + random() % 5, round % 2 == 0 ? 40 : 9000);
    const std::int64_t count = random_count(random, ones(c.keep));
    ASSERT_EQ(selected(c.scores, c.keep, count), sorted(c.scores, c.keep, count))
        << "round " << round << ", count " << count;
  }
}

TEST(SelectLargest, GivesTheSameMasksWithAnyNumberOfThreads) {
  std::mt19937 random(2);
  for (int round = 0; round < 8; ++round) {
    const Case c = random_case(random, 4, 150'000);
    const std::int64_t count = ones(c.keep) / 3;
    const Keeps expected = sorted(c.scores, c.keep, count);
    for (const int threads : {1, 2, 3}) {
      const Threads scope(threads);
      ASSERT_EQ(selected(c.scores, c.keep, count), expected)
          << "round " << round << ", " << threads << " threads";
    }
  }
}

// Over a million entries the histogram of the upper bits is finer: another path.
TEST(SelectLargest, AgreesWithAStableSortOverAMillionEntries) {
  std::mt19937 random(3);
  const Threads scope(2);
  for (const int kind : {0, 1, 2}) {
    Case c;
    for (int item = 0; item < 2; ++item) {
      std::vector<float>& scores = c.scores.emplace_back(550'000);
      for (float& score : scores) score = draw(random, kind);
      std::vector<std::uint8_t>& keep = c.keep.emplace_back(550'000, std::uint8_t{1});
      if (item == 1) {
        for (std::uint8_t& k : keep) k = random() % 10 == 0;
      }
    }
    const std::int64_t count = ones(c.keep) / 50;
    EXPECT_TRUE(selected(c.scores, c.keep, count) == sorted(c.scores, c.keep, count)) << kind;
  }
}

TEST(SelectLargest, KeepsTheEarlierOfEqualMagnitudes) {
  const Keeps keep = selected({{1, -2, 2}, {-2, 3, 2}}, {{1, 1, 1}, {1, 1, 1}}, 3);
  EXPECT_THAT(keep, ElementsAre(ElementsAre(0, 1, 1), ElementsAre(0, 1, 0)));
}

TEST(SelectLargest, KeepsTheEarlierAcrossBlocksAndThreads) {
  const Threads scope(3);
  const std::size_t size = 300'000;
  const Keeps keep =
      selected({std::vector<float>(size, 0.0f), std::vector<float>(size, -0.0f)},
               {std::vector<std::uint8_t>(size, 1), std::vector<std::uint8_t>(size, 1)},
               static_cast<std::int64_t>(size) + 12'345);
  EXPECT_TRUE(std::ranges::all_of(keep[0], [](auto k) { return k == 1; }));
  const auto first_dropped = std::ranges::find(keep[1], std::uint8_t{0});
  EXPECT_EQ(first_dropped - keep[1].begin(), 12'345);
  EXPECT_TRUE(std::all_of(first_dropped, keep[1].end(), [](auto k) { return k == 0; }));
}

TEST(SelectLargest, NeverSelectsAnIneligibleEntry) {
  const Keeps keep = selected({{9, 1, 8, 2}}, {{0, 1, 0, 1}}, 1);
  EXPECT_THAT(keep[0], ElementsAre(0, 0, 0, 1));
}

TEST(SelectLargest, WritesOneWhateverMarkedTheEligible) {
  EXPECT_THAT(selected({{1, 2, 3}}, {{7, 255, 2}}, 2)[0], ElementsAre(0, 1, 1));
}

TEST(SelectLargest, OrdersDenormalsAndZero) {
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  EXPECT_THAT(selected({{0, kTiny, -2 * kTiny, -0.0f}}, {{1, 1, 1, 1}}, 2)[0],
              ElementsAre(0, 1, 1, 0));
}

TEST(SelectLargest, TakesEmptyItems) {
  EXPECT_NO_THROW(selected({}, {}, 0));
  EXPECT_THAT(selected({{}, {1, 2}, {}}, {{}, {1, 1}, {}}, 1)[1], ElementsAre(0, 1));
}

TEST(SelectLargest, RefusesScoresThatAreNotFinite) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (const float bad : {kInf, -kInf, std::numeric_limits<float>::quiet_NaN(),
                          -std::numeric_limits<float>::signaling_NaN()}) {
    for (const std::uint8_t eligible : {std::uint8_t{0}, std::uint8_t{1}}) {
      const Scores scores{{1, 2}, {3, 4, bad}};
      Keeps keep{{1, 1}, {1, 1, eligible}};
      std::vector<SelectionItem> items{{scores[0], keep[0]}, {scores[1], keep[1]}};
      const Error error = thrown_by([&] { select_largest(items, 1); });
      EXPECT_EQ(error.code(), ErrorCode::Input);
      EXPECT_THAT(error.what(), HasSubstr("item 1"));
      EXPECT_THAT(error.what(), HasSubstr("index 2"));
      EXPECT_THAT(keep, ElementsAre(ElementsAre(1, 1), ElementsAre(1, 1, eligible)));  // untouched
    }
  }
}

TEST(SelectLargest, TakesTheLargestFiniteScore) {
  EXPECT_THAT(selected({{1, std::numeric_limits<float>::max()}}, {{1, 1}}, 1)[0],
              ElementsAre(0, 1));
}

TEST(SelectLargest, RefusesCountsItCannotMeet) {
  for (const std::int64_t count : {std::int64_t{-1}, std::int64_t{3}}) {
    const Error error = thrown_by([&] { (void)selected({{1, 2, 3}}, {{1, 0, 1}}, count); });
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_THAT(error.what(), HasSubstr("of 2 eligible"));
  }
}

TEST(SelectLargest, RefusesSpansOfDifferentLength) {
  const Error error = thrown_by([] { (void)selected({{1, 2, 3}}, {{1, 1}}, 1); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("item 0"));
}

}  // namespace
}  // namespace pollard

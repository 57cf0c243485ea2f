#include "speed/race.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace pollard {
namespace {

// Takes the times it is told to, and writes down its calls.
class Told final : public Contender {
 public:
  Told(std::string name, double seconds, std::vector<std::string>& diary)
      : Contender(std::move(name)), seconds_(seconds), diary_(diary) {}
  double time_call() override {
    diary_.push_back(name());
    return seconds_;
  }
  [[nodiscard]] std::vector<float> outputs() override { return {}; }

 private:
  void call() override {}
  double seconds_;
  std::vector<std::string>& diary_;
};

class RaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    contenders_.push_back(std::make_unique<Told>("a", 0.5, diary_));
    contenders_.push_back(std::make_unique<Told>("b", 0.01, diary_));
    contenders_.push_back(std::make_unique<Told>("c", 0.1, diary_));
  }

  std::vector<std::string> diary_;
  std::vector<std::unique_ptr<Contender>> contenders_;
};

TEST_F(RaceTest, CountsAsManyCallsAsATurnTakes) {
  const std::vector<Spread> spreads = race(contenders_, {.rounds = 4, .turn_seconds = 0.055});
  ASSERT_EQ(spreads.size(), 3u);
  EXPECT_EQ(spreads[0].count, 4u);      // one call is longer than a turn
  EXPECT_EQ(spreads[1].count, 4u * 6);  // 5.5 rounded up
  EXPECT_DOUBLE_EQ(spreads[0].median, 0.5);
  EXPECT_DOUBLE_EQ(spreads[1].p10, 0.01);
}

TEST_F(RaceTest, TakesTurnsInAnotherOrderEachRound) {
  std::vector<std::size_t> ends;
  (void)race(contenders_, {.rounds = 12, .turn_seconds = 0.001}, [&](int round) {
    EXPECT_EQ(round, static_cast<int>(ends.size()) + 1);
    ends.push_back(diary_.size());
  });
  std::set<std::vector<std::string>> orders;
  for (std::size_t round = 1; round < ends.size(); ++round) {
    ASSERT_EQ(ends[round] - ends[round - 1], 6u);  // a call that does not count, one that does
    const auto begin = diary_.begin() + static_cast<std::ptrdiff_t>(ends[round - 1]);
    std::vector<std::string> order;
    for (int turn = 0; turn < 3; ++turn) {
      EXPECT_EQ(begin[2 * turn], begin[2 * turn + 1]);
      order.push_back(begin[2 * turn]);
    }
    EXPECT_THAT(order, ::testing::UnorderedElementsAre("a", "b", "c"));
    orders.insert(order);
  }
  EXPECT_GE(orders.size(), 3u);
}

TEST_F(RaceTest, RunsOneAlone) {
  const Spread spread = run_alone(*contenders_[2], {.rounds = 5, .turn_seconds = 0.25});
  EXPECT_EQ(spread.count, 15u);
  EXPECT_DOUBLE_EQ(spread.median, 0.1);
  EXPECT_EQ(std::ranges::count(diary_, "a"), 0);
}

TEST(RelativeDifference, IsOverTheLargest) {
  const std::vector<float> a{1, -4, 2}, b{1, -4, 2.5F};
  EXPECT_DOUBLE_EQ(relative_difference(a, a), 0);
  EXPECT_DOUBLE_EQ(relative_difference(a, b), 0.125);
  EXPECT_EQ(relative_difference({}, {}), 0);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(relative_difference(a, std::vector<float>{1, 2}), infinity);
  EXPECT_EQ(relative_difference(std::vector<float>{std::nanf("")}, std::vector<float>{1}),
            infinity);
}

}  // namespace
}  // namespace pollard

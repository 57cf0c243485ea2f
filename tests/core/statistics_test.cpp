#include "core/statistics.h"

#include <gtest/gtest.h>

namespace pollard {
namespace {

// By hand: of 5 values in order, q = 0.1 lies at place 0.4, q = 0.25 at place 1.
TEST(Quantile, IsLinearBetweenNeighbours) {
  const std::vector<double> values{9, 1, 4, 2, 7};
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 0.1), 1.4);
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 2);
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 4);
  EXPECT_DOUBLE_EQ(quantile(values, 0.9), 8.2);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 9);
  EXPECT_DOUBLE_EQ(quantile({3, 1}, 0.5), 2);
  EXPECT_DOUBLE_EQ(quantile({3}, 0.7), 3);
}

TEST(Spread, HasMedianTenthAndQuartiles) {
  const Spread spread = spread_of({9, 1, 4, 2, 7});
  EXPECT_DOUBLE_EQ(spread.median, 4);
  EXPECT_DOUBLE_EQ(spread.p10, 1.4);
  EXPECT_DOUBLE_EQ(spread.low, 2);
  EXPECT_DOUBLE_EQ(spread.high, 7);
  EXPECT_EQ(spread.count, 5u);
  EXPECT_EQ(spread_of({}).count, 0u);
  EXPECT_DOUBLE_EQ(spread_of({}).median, 0);
}

}  // namespace
}  // namespace pollard

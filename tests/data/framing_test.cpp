#include "data/framing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace pollard {
namespace {

RandomStream stream(std::uint64_t index) { return {1, Purpose::Testing, 0, index}; }

TEST(RandomPart, LiesWithinAndHasAreaAndAspectInRange) {
  double least = 1, most = 0, narrowest = 9, widest = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const View view = random_part(500, 375, 224, 0.08, stream(i));
    for (const auto& [axis, size] : {std::pair(view.x, 500), std::pair(view.y, 375)}) {
      EXPECT_EQ(axis.count, 224);
      EXPECT_GE(axis.low, 0);
      EXPECT_LE(axis.high, size);
      EXPECT_EQ(axis.begin, static_cast<double>(axis.low));
      EXPECT_DOUBLE_EQ(axis.step * 224, static_cast<double>(axis.high - axis.low));
    }
    const auto w = static_cast<double>(view.x.high - view.x.low);
    const auto h = static_cast<double>(view.y.high - view.y.low);
    least = std::min(least, w * h / (500 * 375));
    most = std::max(most, w * h / (500 * 375));
    narrowest = std::min(narrowest, w / h);
    widest = std::max(widest, w / h);
  }
  EXPECT_NEAR(least, 0.08, 0.005);
  EXPECT_GT(most, 0.95);
  EXPECT_NEAR(narrowest, 0.75, 0.02);
  EXPECT_NEAR(widest, 4.0 / 3, 0.03);
}

TEST(RandomPart, DependsOnTheStreamAlone) {
  const View a = random_part(500, 375, 224, 0.08, stream(3));
  const View b = random_part(500, 375, 224, 0.08, stream(3));
  const View c = random_part(500, 375, 224, 0.08, stream(4));
  EXPECT_EQ(a.x.low, b.x.low);
  EXPECT_EQ(a.y.step, b.y.step);
  EXPECT_FALSE(a.x.low == c.x.low && a.x.high == c.x.high && a.y.low == c.y.low);
}

// No part of the whole area with such an aspect fits into these: the middle is taken.
TEST(RandomPart, OfVeryNarrowPicturesIsTheMiddle) {
  const View tall = random_part(100, 4000, 10, 1, stream(1));
  EXPECT_EQ(tall.x.high - tall.x.low, 100);
  EXPECT_EQ(tall.y.high - tall.y.low, 133);
  EXPECT_EQ(tall.y.low, (4000 - 133) / 2);
  const View wide = random_part(4000, 100, 10, 1, stream(1));
  EXPECT_EQ(wide.x.high - wide.x.low, 133);
  EXPECT_EQ(wide.y.high - wide.y.low, 100);
  const View dot = random_part(1, 1, 10, 0.08, stream(1));
  EXPECT_EQ(dot.x.high, 1);
}

TEST(CenteredPart, ResizesTheShorterSideAndTakesTheMiddle) {
  const View view = centered_part(500, 375, 224, 256);  // 341 x 256
  EXPECT_EQ(view.x.count, 224);
  EXPECT_EQ(view.x.first, 58);  // (341 - 224) / 2 = 58.5: to the even number
  EXPECT_EQ(view.y.first, 16);
  EXPECT_DOUBLE_EQ(view.x.step, 500.0 / 341);
  EXPECT_DOUBLE_EQ(view.y.step, 375.0 / 256);
  EXPECT_EQ(view.x.high, 500);
  EXPECT_EQ(centered_part(375, 500, 224, 256).y.first, 58);
  EXPECT_EQ(centered_part(256, 259, 224, 256).y.first, 18);  // 17.5
  EXPECT_EQ(centered_part(10, 10, 8, 8).x.first, 0);
}

}  // namespace
}  // namespace pollard

#include "report/page/page_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pollard {
namespace {

std::vector<Point> line(std::size_t n) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < n; ++i) points.push_back({static_cast<double>(i), 2.0});
  return points;
}

TEST(ThinOut, KeepsTheEndsAndSpreadsTheRest) {
  const std::vector<Point> kept = thin_out(line(101), 5);
  ASSERT_EQ(kept.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(kept[i].x, 25.0 * static_cast<double>(i));
  EXPECT_EQ(thin_out(line(5), 5).size(), 5u);
  EXPECT_EQ(thin_out(line(7), 2).back().x, 6);
  EXPECT_TRUE(thin_out({}, 5).empty());
}

TEST(Straighten, KeepsOnlyTheCorners) {
  EXPECT_EQ(straighten(line(50), 1e-9).size(), 2u);
  std::vector<Point> steps;
  for (int i = 0; i < 90; ++i) steps.push_back({static_cast<double>(i), i < 30 ? 1.0 : 0.1});
  const std::vector<Point> kept = straighten(steps, 1e-3);
  ASSERT_EQ(kept.size(), 4u);
  EXPECT_EQ(kept[1].x, 29);
  EXPECT_EQ(kept[2].x, 30);
}

TEST(ReadCurve, TakesRatesOfStepsAndAccuraciesOfEpochs) {
  const std::string metrics =
      R"({"event":"step","position":0.5,"lr":0.1,"train/top1":10}
{"event":"epoch","position":1,"lr":0.1,"test/top1":50.5}
{"event":"epoch","position":2,"lr":0.01,"test/top1":60}
{"event":"epoch","position":2,"lr":0.01,"test/top1":61}
)"
      R"({"event":"epoch","posit)";
  const StageCurve curve = read_curve(metrics, 60);
  ASSERT_EQ(curve.top1.size(), 2u);
  EXPECT_EQ(curve.top1[0].y, 50.5);
  EXPECT_EQ(curve.top1[1].y, 61);  // what a resumed run wrote last
  ASSERT_EQ(curve.rate.size(), 3u);
  EXPECT_EQ(curve.rate[0].x, 0.5);
}

}  // namespace
}  // namespace pollard

#include "report/axes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pollard {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;

TEST(NiceTicks, StandAtRoundNumbers) {
  EXPECT_THAT(nice_ticks(0, 100, 5), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(nice_ticks(0, 35, 10), ElementsAre(0, 5, 10, 15, 20, 25, 30, 35));
  EXPECT_THAT(nice_ticks(-0.7, 1.2, 4), ElementsAre(-0.5, 0, 0.5, 1));
  EXPECT_THAT(nice_ticks(0.001, 0.0042, 4),
              Pointwise(DoubleNear(1e-12), std::vector<double>{0.001, 0.002, 0.003, 0.004}));
  EXPECT_THAT(nice_ticks(3, 3, 5), ElementsAre(3));
}

TEST(LogTicks, StandAtPowersOfTen) {
  const auto near = DoubleNear(1e-9);
  EXPECT_THAT(log_ticks(0.01, 20), Pointwise(near, std::vector<double>{0.01, 0.1, 1, 10}));
  EXPECT_THAT(log_ticks(0.3, 6), Pointwise(near, std::vector<double>{0.5, 1, 2, 5}));
}

TEST(Axis, MapsLinearly) {
  const Axis axis(0, 10, 100, 200, 5, false, false);
  EXPECT_DOUBLE_EQ(axis.position(0), 100);
  EXPECT_DOUBLE_EQ(axis.position(2.5), 125);
  EXPECT_DOUBLE_EQ(axis.position(10), 200);
}

TEST(Axis, MapsLogarithmically) {
  const Axis axis(0.01, 100, 400, 0, 5, true, false);
  EXPECT_NEAR(axis.position(0.01), 400, 1e-9);
  EXPECT_NEAR(axis.position(1), 200, 1e-9);
  EXPECT_NEAR(axis.position(10), 100, 1e-9);
}

TEST(Axis, WidensToWholeTicks) {
  const Axis axis(0.3, 2.7, 0, 300, 3, false, true);
  EXPECT_DOUBLE_EQ(axis.position(0), 0);
  EXPECT_DOUBLE_EQ(axis.position(3), 300);
}

TEST(Axis, GivesRoomToOneValue) {
  const Axis axis(5, 5, 0, 100, 5, false, true);
  EXPECT_GT(axis.position(5), 0);
  EXPECT_LT(axis.position(5), 100);
  const Axis logarithmic(5, 5, 0, 100, 5, true, true);
  EXPECT_GT(logarithmic.position(5), 0);
  EXPECT_LT(logarithmic.position(5), 100);
}

TEST(TickText, IsShort) {
  EXPECT_EQ(tick_text(0), "0");
  EXPECT_EQ(tick_text(0.25), "0.25");
  EXPECT_EQ(tick_text(1500), "1,500");
  EXPECT_EQ(tick_text(0.1 + 0.2), "0.3");
  EXPECT_EQ(tick_text(1e-5), "1e-05");
}

}  // namespace
}  // namespace pollard

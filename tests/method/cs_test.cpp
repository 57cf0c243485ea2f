// The scores of CS: temperature, penalty, control, and what is kept in the end.
#include "method/cs.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "method/latent_rules.h"

namespace pollard {
namespace {

using test::context_of;
using test::kFree;
using test::kHalf;
using test::latent;
using test::put_latent;
using test::sigmoid;
using test::slot_of;
using test::some_engine;
using test::values_of;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

TEST(Cs, ScoresStartAtS0AndDoNotDecay) {
  const auto engine = some_engine();
  ContinuousSparsification method({.start = -0.3, .common = kFree});
  method.attach(context_of(*engine));
  ASSERT_EQ(method.parameters().size(), 1U);
  EXPECT_EQ(method.parameters()[0].decay, 0);
  EXPECT_THAT(latent(method), Each(-0.3F));
}

// b grows by the same factor every step: 200^(5/10) = 14.142, 200 after the last.
TEST(Cs, TemperatureGrowsFromOneToBeta) {
  const auto engine = some_engine();
  ContinuousSparsification method({.common = kFree});
  method.attach(context_of(*engine));
  EXPECT_EQ(method.temperature(), 1);
  method.after_step({0, 5, 0.1});
  EXPECT_NEAR(method.temperature(), 14.142136, 1e-5);
  method.after_step({0, 10, 0.1});
  EXPECT_NEAR(method.temperature(), 200, 1e-9);
}

// d/ds of 0.1 sum sigmoid(b s) with b = 1: 0.1 / 4 at s = 0; at s = ln 3 the gate is 3/4, the
// derivative 0.1 * 3/16.
TEST(Cs, PenaltyGoesToTheScoresGradient) {
  const auto engine = some_engine();
  ContinuousSparsification method({.penalty = 0.1, .common = kFree});
  method.attach(context_of(*engine));
  const float ln3 = std::log(3.0F);
  put_latent(method, {0, ln3, 0, -ln3, 0, 0, 0, 0});
  method.after_backward({0, 1, 0.1});
  EXPECT_THAT(values_of(method.parameters()[0].gradient),
              Pointwise(FloatNear(1e-7F), std::vector<float>{0.025F, 0.01875F, 0.025F, 0.01875F,
                                                             0.025F, 0.025F, 0.025F, 0.025F}));
}

// Step 7 of 10 is the end of the rise: 4 of 8 are to go. The fourth smallest score is -0.01, half
// of that is the move: s + 0.005. Then |s| begins with 0.005 (a quarter of the 4 kept: one gate),
// so that the last temperature is 5 / 0.005 = 1000, and after 7 of 10 steps b = 1000^0.7.
TEST(Cs, IsMovedHalfTheWayAndHardened) {
  const auto engine = some_engine();
  ContinuousSparsification method({.common = kHalf});
  method.attach(context_of(*engine));
  put_latent(method, {-0.04F, 0.04F, -0.03F, 0.03F, -0.02F, 0.02F, -0.01F, 0.01F});
  method.after_step({0, 7, 0.1});
  EXPECT_THAT(latent(method),
              Pointwise(FloatNear(1e-7F), std::vector<float>{-0.035F, 0.045F, -0.025F, 0.035F,
                                                             -0.015F, 0.025F, -0.005F, 0.015F}));
  EXPECT_NEAR(method.temperature(), std::pow(1000, 0.7), 1e-3);
}

TEST(Cs, IsNotHardenedIfTheScoresAreFarApartOrHardnessIsZero) {
  for (const double hardness : {5.0, 0.0}) {
    const auto engine = some_engine();
    ContinuousSparsification method({.hardness = hardness, .common = kHalf});
    method.attach(context_of(*engine));
    const float scale = hardness > 0 ? 10 : 1e-3F;
    put_latent(method, {-4 * scale, 4 * scale, -3 * scale, 3 * scale, -2 * scale, 2 * scale, -scale,
                        scale});
    method.after_step({0, 10, 0.1});
    EXPECT_NEAR(method.temperature(), 200, 1e-9);
  }
}

TEST(Cs, EndsInTheGatedWeightsOfPositiveScores) {
  const auto engine = some_engine();
  ContinuousSparsification method({.start = 0.1, .beta = 20, .common = kFree});
  method.attach(context_of(*engine));
  put_latent(method, {0.1F, -0.1F, 0, 0.05F, -1, -1, 1, -1});
  const MaskSet masks = method.finish();
  EXPECT_THAT(masks.masks()[0].keep, ElementsAre(1, 0, 0, 1, 0, 0, 1, 0));
  const double scale = 1 / sigmoid(0.1);
  const std::vector<float> expected = {static_cast<float>(0.8 * sigmoid(2) * scale),  0, 0,
                                       static_cast<float>(-0.5 * sigmoid(1) * scale), 0, 0,
                                       static_cast<float>(0.2 * sigmoid(20) * scale), 0};
  EXPECT_THAT(values_of(slot_of(*engine, "weight").value), Pointwise(FloatNear(1e-6F), expected));
}

}  // namespace
}  // namespace pollard

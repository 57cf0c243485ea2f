// The thresholds of DST: penalty, bounds, the floor, and what is kept in the end.
#include "method/dst.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "method/latent_rules.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::context_of;
using test::kFree;
using test::kHalf;
using test::latent;
using test::put_latent;
using test::slot_of;
using test::some_engine;
using test::thrown_by;
using test::values_of;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

// -penalty exp(-t): 0.01 at t = 0, half of that at ln 2.
TEST(Dst, PenaltyPushesThresholdsUp) {
  const auto engine = some_engine();
  DynamicSparseTraining method({.penalty = 0.01, .common = kFree});
  method.attach(context_of(*engine));
  EXPECT_EQ(method.parameters()[0].decay, 1);
  EXPECT_THAT(latent(method), ElementsAre(0, 0));
  put_latent(method, {0, std::log(2.0F)});
  method.after_backward({0, 1, 0.1});
  EXPECT_THAT(values_of(method.parameters()[0].gradient),
              ElementsAre(FloatNear(-0.01F, 1e-8F), FloatNear(-0.005F, 1e-8F)));
}

TEST(Dst, EndsInTheWeightsAboveTheirRowsThreshold) {
  const auto engine = some_engine();
  DynamicSparseTraining method({.common = kFree});
  method.attach(context_of(*engine));
  put_latent(method, {0.65F, 0.25F});
  EXPECT_THAT(method.finish().masks()[0].keep, ElementsAre(1, 1, 0, 0, 1, 1, 0, 0));
  EXPECT_THAT(values_of(slot_of(*engine, "weight").value),
              ElementsAre(0.8F, -0.7F, 0, 0, 0.4F, -0.3F, 0, 0));
}

// A quarter of 8 is 2. Thresholds of 0.65 and 0.35 keep 2 and 1 weights, 0.75 and 0.35 one each.
TEST(Dst, ALayerAtTheFloorOpens) {
  const auto engine = some_engine();
  DynamicSparseTraining method({.floor = 0.25, .common = kFree});
  method.attach(context_of(*engine));
  put_latent(method, {0.65F, 0.35F});
  method.after_step({0, 1, 0.1});
  EXPECT_THAT(latent(method), ElementsAre(0.65F, 0.35F));
  EXPECT_EQ(method.resets(), 0);
  put_latent(method, {0.75F, 0.35F});
  method.after_step({0, 2, 0.1});
  EXPECT_THAT(latent(method), ElementsAre(0, 0));
  EXPECT_EQ(method.resets(), 1);

  DynamicSparseTraining other({.floor = 0.25, .common = kFree});
  other.attach(context_of(*engine));
  other.load(method.save());
  EXPECT_EQ(other.resets(), 1);
}

// Margins |w| - t with t = (0.71, 0.35): 0.09 -0.01 ... and 0.05 -0.05 ...; the third largest is
// -0.01, and to keep it both thresholds go down to just above where the fourth, -0.05, would be
// kept too.
TEST(Dst, WithATargetALayerAtTheFloorOpensNoFurtherThanItMust) {
  const auto engine = some_engine();
  DynamicSparseTraining method({.floor = 0.25, .common = kHalf});
  method.attach({*engine, 1, 1000, 1, 0.5, {}});  // no control in the first steps
  put_latent(method, {0.71F, 0.35F});
  method.after_step({0, 1, 0.1});
  EXPECT_THAT(latent(method), ElementsAre(FloatNear(0.66F, 1e-6F), FloatNear(0.30F, 1e-6F)));
  EXPECT_EQ(method.resets(), 1);
}

// 0.9 of the largest weights, 0.8 and 0.4.
TEST(Dst, WithATargetThresholdsStayWithinTheirRow) {
  const auto engine = some_engine();
  DynamicSparseTraining method({.floor = 0, .common = kHalf});
  method.attach({*engine, 1, 1000, 1, 0.5, {}});
  put_latent(method, {3, -2});
  method.after_step({0, 1, 0.1});
  EXPECT_THAT(latent(method), ElementsAre(FloatNear(0.72F, 1e-6F), 0));
  put_latent(method, {0.1F, 0.5F});
  method.after_step({0, 2, 0.1});
  EXPECT_THAT(latent(method), ElementsAre(0.1F, FloatNear(0.36F, 1e-6F)));
}

TEST(Dst, LeftToItselfThresholdsAreFree) {
  const auto engine = some_engine();
  DynamicSparseTraining method({.common = kFree});
  method.attach(context_of(*engine));
  put_latent(method, {3, -2});
  method.after_step({0, 1, 0.1});
  EXPECT_THAT(latent(method), ElementsAre(3, -2));
}

TEST(Dst, RefusesAGoalAtTheFloor) {
  const auto engine = some_engine();
  DynamicSparseTraining method({.floor = 0.5, .common = kHalf});
  const Error error = thrown_by([&] { method.attach(context_of(*engine)); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("method.dst.floor=0.5"));
}

}  // namespace
}  // namespace pollard

// The thresholds of STR: where they start, one for all layers, and what is kept in the end.
#include "method/str.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "method/latent_rules.h"

namespace pollard {
namespace {

using test::context_of;
using test::engine_of;
using test::kFree;
using test::kHalf;
using test::kTenSteps;
using test::latent;
using test::sigmoid;
using test::slot_of;
using test::some_engine;
using test::values_of;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

TEST(Str, ThresholdsStartAtS0AndDecay) {
  const auto engine = some_engine();
  SoftThresholds method({.start = -3, .common = kFree});
  method.attach(context_of(*engine));
  EXPECT_EQ(method.parameters()[0].decay, 1);
  EXPECT_THAT(latent(method), ElementsAre(-3));
  EXPECT_FLOAT_EQ(method.threshold("weight"), static_cast<float>(sigmoid(-3)));
}

// The single threshold's gradient is the sum of those that the layers' own would have.
TEST(Str, OneForAllTakesTheGradientsOfAllLayers) {
  std::vector<double> pulls;
  for (const bool one : {false, true}) {
    const auto engine = test::small_engine(3);
    SoftThresholds method({.start = -2, .one_for_all = one, .common = kFree});
    method.attach({*engine, 1, kTenSteps, 1, 0.9, {}});
    ASSERT_EQ(method.parameters().size(), one ? 1U : 2U);
    std::vector<float> pixels(4 * 16);
    for (std::size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = static_cast<float>((i * 7) % 11) / 5 - 1;
    engine->forward_backward({0, 4, test::kSmallImage, pixels, {0, 1, 2, 0}}, {1, 0, 0});
    method.after_backward({0, 1, 0.1});
    double pull = 0;
    for (const ParameterSlot& slot : method.parameters()) pull += slot.gradient.item<double>();
    pulls.push_back(pull);
  }
  EXPECT_NE(pulls[0], 0);
  EXPECT_NEAR(pulls[1], pulls[0], 1e-5 * std::abs(pulls[0]));
}

// s = 0 cuts at 1/2, by 1/2.
TEST(Str, EndsInTheSoftThresholdedWeights) {
  const auto engine = some_engine();
  SoftThresholds method({.start = 0, .common = kFree});
  method.attach(context_of(*engine));
  const MaskSet masks = method.finish();
  EXPECT_THAT(masks.masks()[0].keep, ElementsAre(1, 1, 1, 0, 0, 0, 0, 0));
  EXPECT_THAT(values_of(slot_of(*engine, "weight").value),
              Pointwise(FloatNear(1e-6F), std::vector<float>{0.3F, -0.2F, 0.1F, 0, 0, 0, 0, 0}));
}

// All weights are equal, so the four that stay have no distance to the threshold.
TEST(Str, KeptWeightsAreNotZeroThoughTheyEqualTheThreshold) {
  const auto engine = engine_of({0.25F, 0.25F, -0.25F, 0.25F, -0.25F, 0.25F, 0.25F, 0.25F});
  SoftThresholds method({.common = kHalf});
  method.attach(context_of(*engine));
  EXPECT_THAT(method.finish().masks()[0].keep, ElementsAre(1, 1, 1, 1, 0, 0, 0, 0));
  const std::vector<float> values = values_of(slot_of(*engine, "weight").value);
  for (const std::size_t i : {0U, 1U, 3U}) EXPECT_GT(values[i], 0);
  EXPECT_LT(values[2], 0);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_LT(std::abs(values[i]), 1e-6);
}

}  // namespace
}  // namespace pollard

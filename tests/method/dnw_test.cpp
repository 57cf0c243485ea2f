// DNW: a sparse network from the first step, a dense gradient, a mask of the weights as they are.
#include "method/dnw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "experiment/parameters.h"
#include "method/method_training.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::HandStep;
using test::MethodTraining;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr double kGoal = 0.75;

test::MakeMethod with(DnwScope scope) {
  return [scope] { return make_dnw(scope); };
}

/// Weights kept in each prunable tensor.
std::vector<std::int64_t> kept_by_layer(const MaskSet& masks) {
  std::vector<std::int64_t> kept;
  for (const Mask& mask : masks.masks()) kept.push_back(mask.kept());
  return kept;
}

// The same step as in dpf_test.cpp, but the mask is there from the start.
TEST(Dnw, StepsAllWeightsByTheGradientAtTheLargest) {
  HandStep hand;
  const auto method = make_dnw(DnwScope::Global);
  method->attach({*hand.engine, 1, 1, 1, kGoal, HandStep::kSgd});
  EXPECT_THAT(hand.logits(), ElementsAre(1, 1));
  hand.step();
  // 1/2 + (-1/2, -1, -1/4, -2) + w/4, and 1/2 + (1/2, 1, 1/4, 2) + w/4
  EXPECT_THAT(hand.velocity(), Pointwise(FloatNear(1e-6F), {0.25F, -0.375F, 0.1875F, -1.46875F,  //
                                                            1.25F, 1.375F, 0.8125F, 2.53125F}));
  EXPECT_THAT(hand.weights(),
              Pointwise(FloatNear(1e-6F), {0.875F, 0.6875F, -0.34375F, 0.859375F,  //
                                           0.375F, -1.1875F, -0.15625F, -1.140625F}));
  // Still the mask that the step was made with: the first column.
  EXPECT_THAT(hand.logits(), Pointwise(FloatNear(1e-6F), {0.875F, 0.375F}));
  method->after_step({0, 1, 0});
  // Now the last row's -1.1875 and -1.140625: 2 * -1.1875 + 4 * -1.140625.
  EXPECT_THAT(hand.logits(), Pointwise(FloatNear(1e-5F), {0.0F, -6.9375F}));
}

TEST(Dnw, EqualMagnitudesKeepTheExactCount) {
  HandStep hand;
  hand.load({0.5F, -0.5F, 0.5F, 0.5F, 0.5F, 0.5F, -0.5F, 0.5F});
  const auto method = make_dnw(DnwScope::Global);
  method->attach({*hand.engine, 1, 1, 1, 0.625, HandStep::kSgd});
  // The first three of the first row: (1 - 2 + 1/2) / 2.
  EXPECT_THAT(hand.logits(), ElementsAre(-0.25F, 0));
}

TEST(Dnw, FinishKeepsTheExactCount) {
  test::expect_exact_finish(with(DnwScope::Global), kGoal, 57);
  test::expect_exact_finish(with(DnwScope::Layer), kGoal, 57);
  test::expect_exact_finish(with(DnwScope::Global), 0.6, 91);  // 228 - round(136.8)
  test::expect_exact_finish(with(DnwScope::Layer), 0.6, 91);
}

// 36 and 192 weights. Of 23 kept (228 - round(205.2)): 3.63 and 19.37, so 4 and 19. Of 2 (228 -
// round(225.72)): 0.32 and 1.68, so 0 and 2.
TEST(Dnw, LayersKeepTheirShares) {
  const auto kept = [](DnwScope scope, double sparsity) {
    MethodTraining training(with(scope), sparsity);
    TensorMap state = training.training.engine->state();
    for (float& w : state.at("conv.weight").f32()) w *= 100;
    training.training.engine->load_state(state);
    training.attach();
    return kept_by_layer(training.method->finish());
  };
  EXPECT_THAT(kept(DnwScope::Layer, 0.9), ElementsAre(4, 19));
  EXPECT_THAT(kept(DnwScope::Layer, 0.99), ElementsAre(0, 2));
  EXPECT_THAT(kept(DnwScope::Layer, kGoal), ElementsAre(9, 48));
  EXPECT_THAT(kept(DnwScope::Global, 0.9), ElementsAre(23, 0));
}

TEST(Dnw, TheScopeIsGlobalUnlessSet) {
  Config config(parameter_table());
  MethodTraining training([&] { return make_dnw(config); }, 0.9);
  training.attach();
  EXPECT_NE(kept_by_layer(training.method->finish()), (std::vector<std::int64_t>{4, 19}));
  config.apply("method.dnw.scope=layer");
  MethodTraining layers([&] { return make_dnw(config); }, 0.9);
  layers.attach();
  EXPECT_THAT(kept_by_layer(layers.method->finish()), ElementsAre(4, 19));
}

TEST(Dnw, ResumesInTheSameBits) {
  test::expect_same_end_from_every_step(with(DnwScope::Global), kGoal);
  test::expect_same_end_from_every_step(with(DnwScope::Layer), kGoal);
}

TEST(Dnw, RefusesWeightsThatAreNotFinite) {
  for (const DnwScope scope : {DnwScope::Global, DnwScope::Layer}) {
    HandStep hand;
    const auto method = make_dnw(scope);
    method->attach({*hand.engine, 1, 1, 1, kGoal, HandStep::kSgd});
    hand.load({1, 2, 3, 4, 5, 6, 7, std::numeric_limits<float>::quiet_NaN()});
    EXPECT_EQ(thrown_by([&] { method->after_step({0, 1, 0}); }).code(), ErrorCode::Numeric);
  }
}

}  // namespace
}  // namespace pollard

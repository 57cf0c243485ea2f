// DPF: where the gradient is taken and where it goes, when the mask is chosen, and from what.
#include "method/dpf.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "experiment/parameters.h"
#include "method/method_training.h"
#include "method/straight_through.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::bits;
using test::HandStep;
using test::kept_in;
using test::MethodTraining;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

constexpr double kGoal = 0.75;  // of the 8 weights by hand 2 stay, of the 228 small ones 57

test::MakeMethod every(std::int64_t interval) {
  return [interval] { return make_dpf(interval); };
}

TEST(StraightThrough, MasksForwardAndNotBackward) {
  at::Tensor w = at::arange(1, 17, at::kFloat).view({2, 2, 2, 2});
  w = w.contiguous(at::MemoryFormat::ChannelsLast).set_requires_grad(true);
  const at::Tensor mask = at::zeros_like(w.detach());
  mask.select(0, 1).fill_(1);
  const at::Tensor masked = straight_through(w, mask);
  EXPECT_TRUE(masked.equal(w.detach() * mask));
  EXPECT_EQ(masked.strides(), w.strides());
  (masked * masked / 2).sum().backward();  // the gradient at m w is m w itself
  EXPECT_TRUE(w.grad().equal(w.detach() * mask));
  w.mutable_grad() = at::Tensor();
  (straight_through(w, mask) * 3).sum().backward();
  EXPECT_TRUE(w.grad().equal(at::full_like(w.grad(), 3)));
}

// Mask: the two ones. v <- v/2 + g + w/4 with v = 1 and g of HandStep; w <- w - v/2, for all w.
TEST(Dpf, StepsAllWeightsByTheGradientAtTheMaskedOnes) {
  HandStep hand;
  const auto method = make_dpf(1);
  method->attach({*hand.engine, 2, 1, 1, kGoal, HandStep::kSgd});
  EXPECT_THAT(hand.logits(), Pointwise(FloatNear(1e-6F), {2.375F, 0.625F}));  // dense as yet
  method->after_step({1, 1, 0});  // one epoch of two is over: the curve is at its goal
  EXPECT_THAT(bits(method->save()), ElementsAre(1, 0, 0, 0, 1, 0, 0, 0));
  EXPECT_THAT(hand.logits(), ElementsAre(1, 1));
  hand.step();
  // 1/2 + (-1/2, -1, -1/4, -2) + w/4, and 1/2 + (1/2, 1, 1/4, 2) + w/4
  EXPECT_THAT(hand.velocity(), Pointwise(FloatNear(1e-6F), {0.25F, -0.375F, 0.1875F, -1.46875F,  //
                                                            1.25F, 1.375F, 0.8125F, 2.53125F}));
  const std::vector<float> weights = {0.875F, 0.6875F,  -0.34375F, 0.859375F,
                                      0.375F, -1.1875F, -0.15625F, -1.140625F};
  EXPECT_THAT(hand.weights(), Pointwise(FloatNear(1e-6F), weights));
  // Two weights that were pruned come back, in the place of two that were not.
  method->after_step({1, 2, 0});
  EXPECT_THAT(bits(method->save()), ElementsAre(0, 0, 0, 0, 0, 1, 0, 1));
  // 2 * -1.1875 + 4 * -1.140625
  EXPECT_THAT(hand.logits(), Pointwise(FloatNear(1e-5F), {0.0F, -6.9375F}));
  EXPECT_THAT(hand.weights(), Pointwise(FloatNear(1e-6F), weights));  // dense
}

// Of 228 weights: 228 - round(0.75 (1 - (1/2)^3) 228 = 149.6) = 78 after the first of three epochs.
TEST(Dpf, ChoosesTheMaskEveryIntervalOnGmpsCurve) {
  MethodTraining training(every(4), kGoal);
  training.attach();
  const auto kept_after = [&](std::int64_t epoch, std::int64_t step) {
    training.method->after_step({epoch, step, 0});
    return kept_in(training.method->save());
  };
  EXPECT_EQ(kept_after(0, 4), 228);
  EXPECT_EQ(kept_after(1, 6), 228);
  EXPECT_EQ(kept_after(1, 7), 228);
  EXPECT_EQ(kept_after(1, 8), 78);
  EXPECT_EQ(kept_after(2, 11), 78);
  EXPECT_EQ(kept_after(2, 12), 57);
}

TEST(Dpf, TheIntervalIsSixteenUnlessSet) {
  Config config(parameter_table());
  const auto chosen_at = [&](std::int64_t step) {
    HandStep hand;
    const auto method = make_dpf(config);
    method->attach({*hand.engine, 2, 1, 1, kGoal, HandStep::kSgd});
    method->after_step({1, step, 0});
    return kept_in(method->save()) == 2;
  };
  EXPECT_FALSE(chosen_at(8));
  EXPECT_FALSE(chosen_at(15));
  EXPECT_TRUE(chosen_at(16));
  config.apply("method.dpf.interval=4");
  EXPECT_TRUE(chosen_at(8));
  EXPECT_FALSE(chosen_at(7));
}

TEST(Dpf, FinishKeepsTheExactCount) { test::expect_exact_finish(every(2), kGoal, 57); }

// The mask in force is of step 12, the weights of step 15.
TEST(Dpf, FinishTakesTheLastMaskAndNotANewOne) {
  MethodTraining training(every(12), kGoal);
  training.attach();
  training.run();
  const TensorMap last = training.method->save();
  EXPECT_EQ(training.method->finish().to_tensors(), last);
}

// Of 15 steps none is a sixteenth, so no mask was ever chosen.
TEST(Dpf, FinishPrunesWhereTheLastEpochHadNoChoice) {
  MethodTraining training(every(16), kGoal);
  training.attach();
  training.run();
  EXPECT_EQ(kept_in(training.method->save()), 228);
  EXPECT_EQ(training.method->finish().kept(), 57);
}

TEST(Dpf, ResumesInTheSameBits) { test::expect_same_end_from_every_step(every(4), kGoal); }

TEST(Dpf, OfOneEpochIsAnError) {
  MethodTraining training(every(4), kGoal);
  training.context.epochs = 1;
  const Error error = thrown_by([&] { training.attach(); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("train.method=dpf"));
  EXPECT_THAT(error.hint(), HasSubstr("2 epochs"));
}

TEST(Dpf, RefusesWeightsThatAreNotFinite) {
  HandStep hand;
  const auto method = make_dpf(1);
  method->attach({*hand.engine, 2, 1, 1, kGoal, HandStep::kSgd});
  hand.load({1, 2, 3, 4, 5, 6, 7, std::numeric_limits<float>::infinity()});
  EXPECT_EQ(thrown_by([&] { method->after_step({1, 1, 0}); }).code(), ErrorCode::Numeric);
}

TEST(Dpf, RefusesTheMasksOfAnotherNetwork) {
  MethodTraining training(every(4), kGoal);
  training.attach();
  TensorMap masks = training.method->save();
  masks.erase("conv.weight");
  const Error error = thrown_by([&] { training.method->load(masks); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("'conv.weight'"));
}

}  // namespace
}  // namespace pollard

// The original LC: the pull towards the compressed weights, the C-step with its multipliers, and
// theta as the end.
#include <gmock/gmock.h>

#include "method/lc.h"
#include "method/method_rules.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// K = 2 of 8. Every number below is a short binary fraction: the arithmetic is exact.
class OriginalLc : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> engine_ = hand_engine({1, -2, 0.5, 3, -1, 0.25, 4, 0}, {10, 0.125F});
  std::unique_ptr<Method> method_;

  void attach(const LcGrowth& growth, std::int64_t epochs) {
    method_ = make_original_lc(0.5, growth);
    method_->attach({*engine_, epochs, 1, 0, 0.75, {}});
  }
  /// What the method makes of gradients of 1.
  std::vector<float> gradient(std::int64_t epoch) {
    set_gradient(*engine_, "weight", std::vector<float>(8, 1));
    set_gradient(*engine_, "bias", {1, 1});
    method_->after_backward({epoch, epoch + 1, 0.1});
    EXPECT_THAT(values_of(slot_of(*engine_, "bias").gradient), ElementsAre(1, 1));
    return values_of(slot_of(*engine_, "weight").gradient);
  }
};

// mu = 0.5, theta = (0 0 0 3 | 0 0 4 0): 1 + 0.5 (w - theta).
TEST_F(OriginalLc, BeginsWithADirectCompression) {
  attach({.factor = 1, .steps = 1}, 3);
  EXPECT_THAT(gradient(0), ElementsAre(1.5, 0, 1.25, 1, 0.5, 1.125, 1, 1));
}

// First C-step, w as it was: theta stays, lambda = -0.5 (w - theta)
//                                         = (-0.5 1 -0.25 0 | 0.5 -0.125 0 0).
// Then g = 1 + 0.5 (w - theta) - lambda.
// Second: w - lambda / 0.5 = (2 -4 1 3 | -2 0.5 4 0): the multipliers have brought -2 before 3.
//   theta = (0 -4 0 0 | 0 0 4 0), lambda <- lambda - 0.5 (w - theta)
//                                        = (-1 0 -0.5 -1.5 | 1 -0.25 0 0).
TEST_F(OriginalLc, StepsCompressAndMoveTheMultipliers) {
  attach({.factor = 1, .steps = 1}, 3);
  method_->after_epoch({1, 1, 0.1});
  EXPECT_THAT(gradient(1), ElementsAre(2, -1, 1.5, 1, 0, 1.25, 1, 1));
  method_->after_epoch({2, 2, 0.1});
  EXPECT_THAT(gradient(2), ElementsAre(2.5, 2, 1.75, 4, -0.5, 1.375, 1, 1));

  const MaskSet masks = method_->finish();
  EXPECT_THAT(masks.masks().at(0).keep, ElementsAre(0, 1, 0, 0, 0, 0, 1, 0));
  EXPECT_THAT(values_of(slot_of(*engine_, "weight").value), ElementsAre(0, -4, 0, 0, 0, 0, 4, 0));
  EXPECT_THAT(values_of(slot_of(*engine_, "bias").value), ElementsAre(10, 0.125));
}

// Of four epochs, the last two have mu = 2 * 0.5; the C-step after epoch 3 (from 1) has it too:
// lambda = -1 (w - theta), and g = 1 + 1 (w - theta) - lambda.
TEST_F(OriginalLc, PenaltyGrows) {
  attach({.factor = 2, .steps = 2}, 4);
  EXPECT_THAT(gradient(1), ElementsAre(1.5, 0, 1.25, 1, 0.5, 1.125, 1, 1));
  EXPECT_THAT(gradient(2), ElementsAre(2, -1, 1.5, 1, 0, 1.25, 1, 1));
  method_->after_epoch({3, 3, 0.1});
  EXPECT_THAT(gradient(3), ElementsAre(3, -3, 2, 1, -1, 1.5, 1, 1));
}

TEST_F(OriginalLc, RefusesStateOfAnotherNetwork) {
  attach({.factor = 1, .steps = 1}, 3);
  TensorMap state = method_->save();
  EXPECT_NO_THROW(method_->load(state));
  state.erase("lambda/weight");
  const Error missing = thrown_by([&] { method_->load(state); });
  EXPECT_EQ(missing.code(), ErrorCode::Input);
  EXPECT_THAT(missing.what(), HasSubstr("'lambda/weight'"));
  state = method_->save();
  state.at("theta/weight") = HostTensor::zeros(DType::F32, {4, 2});
  EXPECT_THAT(thrown_by([&] { method_->load(state); }).what(), HasSubstr("'theta/weight'"));
}

TEST_F(OriginalLc, FewerEpochsThanStepsAreAnError) {
  EXPECT_EQ(thrown_by([&] { attach({.factor = 2, .steps = 5}, 4); }).code(), ErrorCode::Config);
  EXPECT_EQ(thrown_by([&] {
              (void)make_method("lc", config_with({"train.method=lc", "method.lc.variant=original",
                                                   "train.epochs=29"}));
            }).code(),
            ErrorCode::Config);
}

// It needs no weight decay, and draws the other weights to zero all the same.
TEST(OriginalLcTraining, LeavesLittleToLose) {
  constexpr SgdSettings sgd{.momentum = 0.9};
  const auto method = make_original_lc(0.01, {.factor = 1.1, .steps = 30});
  const auto engine = trained(method.get(), 0.8, sgd, 0.05, 60);
  EXPECT_LT(lost_by_pruning(*engine, 0.8),
            lost_by_pruning(*trained(nullptr, 0.8, sgd, 0.05, 60), 0.8) / 10);
}

}  // namespace
}  // namespace pollard

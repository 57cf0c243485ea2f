// Expected rates are worked out by hand, or by a few lines of Python where a cosine is in them.
#include "pollard/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/thrown.h"
#include "train/rate_matchers.h"

namespace pollard {
namespace {

using test::are_rates;
using test::thrown_by;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(DenseRates, StepDropsAtFractionsOfTheTraining) {
  const LearningRates out = dense_rates({.kind = "step", .rate = 0.1}, 2, 5);  // at 5 and 7.5
  EXPECT_THAT(out.rates, are_rates({0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001}));
  EXPECT_EQ(out.warmup, 0);
}

TEST(DenseRates, StepCountsMilestonesFromTheStartInAnyOrder) {
  const LearningRates out = dense_rates(
      {.kind = "step", .rate = 3, .milestones = {0.75, 0.5}, .gamma = 0.5, .warmup_epochs = 1}, 4,
      2);
  EXPECT_THAT(out.rates, are_rates({1, 2, 3, 3, 1.5, 1.5, 0.75, 0.75}));
  EXPECT_EQ(out.warmup, 2);
}

TEST(DenseRates, LinearEndsOneIterationBeforeZero) {
  EXPECT_THAT(dense_rates({.kind = "linear", .rate = 1}, 2, 2).rates,
              are_rates({1, 0.75, 0.5, 0.25}));
}

TEST(DenseRates, LinearAndCosineCountFromTheEndOfWarmup) {
  const LearningRates linear = dense_rates({.kind = "linear", .rate = 1, .warmup_epochs = 1}, 3, 2);
  EXPECT_THAT(linear.rates, are_rates({1 / 3., 2 / 3., 1, 0.75, 0.5, 0.25}));
  EXPECT_EQ(linear.warmup, 2);
  const LearningRates cosine =
      dense_rates({.kind = "cosine", .rate = 1, .warmup_epochs = 0.5}, 3, 2);
  EXPECT_THAT(cosine.rates, are_rates({0.5, 1, 0.9045084971874737, 0.6545084971874737,
                                       0.34549150281252633, 0.09549150281252633}));
  EXPECT_EQ(cosine.warmup, 1);
}

TEST(DenseRates, CosineIsHalfACosine) {
  EXPECT_THAT(dense_rates({.kind = "cosine", .rate = 2}, 1, 4).rates,
              are_rates({2, 1.7071067811865475, 1, 0.2928932188134524}));
}

TEST(DenseRates, ConstantIsConstantAfterWarmup) {
  EXPECT_THAT(dense_rates({.kind = "constant", .rate = 0.4, .warmup_epochs = 1}, 2, 3).rates,
              are_rates({0.1, 0.2, 0.3, 0.4, 0.4, 0.4}));
}

// From the definition of torch.optim.lr_scheduler.OneCycleLR (anneal_strategy="cos",
// three_phase=False, div_factor 25, final_div_factor 1e4), computed apart in Python.
TEST(DenseRates, OneCycleIsPytorchs) {
  const auto one_cycle = [](double rate, double rise, std::int64_t total) {
    return dense_rates({.kind = "onecycle", .rate = rate, .rise = rise}, 1, total);
  };
  const LearningRates ten = one_cycle(0.1, 0.3, 10);
  EXPECT_THAT(ten.rates,
              are_rates({0.004, 0.052, 0.1, 0.0950484632013, 0.081174565395, 0.0611262021936,
                         0.0388741978064, 0.018825834605, 0.00495193679865, 4e-07}));
  EXPECT_EQ(ten.warmup, 2);
  // The peak falls between two iterations: none has the full rate.
  EXPECT_THAT(one_cycle(1, 0.3, 7).rates,
              are_rates({0.04, 0.980556627335, 0.91904437627, 0.672683836481, 0.35773877574,
                         0.0992967918933, 4e-06}));
  EXPECT_THAT(one_cycle(0.5, 0.6, 5).rates, are_rates({0.02, 0.26, 0.5, 0.250001, 2e-06}));
}

TEST(DenseRates, OneCycleOfFewIterations) {
  EXPECT_THAT(dense_rates({.kind = "onecycle", .rate = 0.5}, 1, 1).rates, are_rates({0.5}));
  EXPECT_THAT(dense_rates({.kind = "onecycle", .rate = 0.5}, 0, 9).rates, IsEmpty());
}

TEST(DenseRates, UnknownKindNamesTheNearest) {
  const Error error = thrown_by([] { (void)dense_rates({.kind = "cosin"}, 1, 1); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("train.schedule='cosin'"));
  EXPECT_THAT(error.hint(), HasSubstr("'cosine'"));
}

TEST(DenseRates, WarmupMustLeaveAnIteration) {
  for (const std::string kind : {"step", "linear", "cosine", "constant"}) {
    const auto rates = [&](double warmup) {
      return dense_rates({.kind = kind, .rate = 1, .warmup_epochs = warmup}, 2, 4);
    };
    EXPECT_EQ(thrown_by([&] { (void)rates(2); }).code(), ErrorCode::Config) << kind;
    EXPECT_EQ(thrown_by([&] { (void)rates(5); }).code(), ErrorCode::Config) << kind;
    EXPECT_EQ(rates(1.75).warmup, 7) << kind;
  }
}

TEST(DenseRates, NamesAreThoseOfTheKinds) {
  for (const std::string& kind : dense_schedule_names()) {
    const LearningRates out = dense_rates({.kind = kind, .rate = 0.3}, 3, 4);
    EXPECT_THAT(out.rates, SizeIs(12)) << kind;
    for (const double rate : out.rates) EXPECT_TRUE(rate > 0 && rate <= 0.3) << kind << rate;
  }
  EXPECT_THAT(dense_schedule_names(), SizeIs(5));
}

}  // namespace
}  // namespace pollard

// Expected rates are worked out by hand, or by a few lines of Python where a cosine is in them.
#include "pollard/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pollard/random.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pointwise;
using ::testing::SizeIs;

MATCHER(IsRate, "") { return std::abs(std::get<0>(arg) - std::get<1>(arg)) < 1e-12; }

auto are_rates(std::vector<double> expected) { return Pointwise(IsRate(), std::move(expected)); }

// ---- dense -------------------------------------------------------------------------------------

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

// ---- retraining --------------------------------------------------------------------------------

const LearningRates kOriginal{{0.1, 0.5, 1, 1, 1, 0.3, 0.3, 0.2, 0.2, 0.2}, 2};

std::vector<double> retrained(const std::string& kind, const LearningRates& original,
                              std::int64_t iterations, double warmup = 0.1) {
  return retraining_rates({.kind = kind, .warmup = warmup}, original, iterations).rates;
}

TEST(FineTuning, IsTheSmallestRateAfterTheOriginalWarmup) {
  EXPECT_THAT(retrained("ft", kOriginal, 4), are_rates({0.2, 0.2, 0.2, 0.2}));
  EXPECT_EQ(retraining_rates({.kind = "ft"}, kOriginal, 4).warmup, 0);
  EXPECT_THAT(retrained("ft", {{0.5, 0.01, 0.3}, 0}, 1), are_rates({0.01}));
  EXPECT_THAT(retrained("ft", dense_rates({.kind = "linear", .rate = 1}, 5, 10), 2),
              are_rates({0.02, 0.02}));
}

TEST(Slr, StretchesTheOriginal) {
  // w = 2, R = 18: eta[floor(10 i / 18)]; the original warm-up (floor < 2: i <= 3) reads 1.
  EXPECT_THAT(retrained("slr", kOriginal, 20), are_rates({0,   0.5,                    // warm-up
                                                          1,   1,   1,   1,            // 0 0 1 1
                                                          1,   1,   1,   1,   1,       // 2 2 3 3 4
                                                          0.3, 0.3, 0.3, 0.3,          // 5 5 6 6
                                                          0.2, 0.2, 0.2, 0.2, 0.2}));  // 7 7 8 8 9
}

TEST(Slr, ShrinksTheOriginal) {
  // w = 0, R = 5: eta[0, 2, 4, 6, 8].
  EXPECT_THAT(retrained("slr", kOriginal, 5), are_rates({1, 1, 1, 0.3, 0.2}));
  // w = 1, R = 9: eta[floor(10 i / 9)] = eta[0 ... 8].
  EXPECT_THAT(retrained("slr", kOriginal, 10), are_rates({0, 1, 1, 1, 1, 1, 0.3, 0.3, 0.2, 0.2}));
  EXPECT_THAT(retrained("slr", kOriginal, 1), are_rates({1}));
}

TEST(Slr, WarmsUpAlongHalfACosine) {
  const LearningRates out = retraining_rates({}, {{0.4, 0.2}, 0}, 40);
  EXPECT_EQ(out.warmup, 4);
  EXPECT_THAT(std::vector(out.rates.begin(), out.rates.begin() + 5),
              are_rates({0, 0.05857864376269051, 0.2, 0.3414213562373095, 0.4}));
}

TEST(Slr, WarmupIsTheFloorOfATenth) {
  const std::pair<std::int64_t, std::int64_t> cases[] = {{9, 0},  {10, 1}, {19, 1},
                                                         {29, 2}, {30, 3}, {11730, 1173}};
  for (const auto& [iterations, warmup] : cases) {
    EXPECT_EQ(retraining_rates({}, kOriginal, iterations).warmup, warmup) << iterations;
  }
  EXPECT_THAT(retrained("slr", kOriginal, 4, 0), are_rates({1, 1, 0.3, 0.2}));
  EXPECT_THAT(retrained("slr", kOriginal, 2, 1), are_rates({0, 0.5}));
}

TEST(Slr, HoldsTheseForAnyLengths) {
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    RandomStream draw(11, Purpose::Testing, 0, trial);
    const std::int64_t length = 1 + draw.below(60), iterations = 1 + draw.below(200);
    LearningRates original{{}, draw.below(static_cast<std::uint32_t>(length))};
    for (std::int64_t i = 0; i < length; ++i) original.rates.push_back(draw.uniform());
    std::ranges::sort(original.rates, std::greater());
    const double peak = original.rates.front();

    const LearningRates out = retraining_rates({}, original, iterations);
    ASSERT_THAT(out.rates, SizeIs(iterations));
    ASSERT_EQ(out.warmup, iterations / 10);
    const auto middle = out.rates.begin() + out.warmup;
    ASSERT_EQ(*middle, peak);
    ASSERT_TRUE(std::is_sorted(out.rates.begin(), middle));
    ASSERT_TRUE(std::is_sorted(middle, out.rates.end(), std::greater()));
    if (iterations - out.warmup >= length) {  // stretched: every original rate has its turn
      ASSERT_EQ(out.rates.back(), length > original.warmup ? original.rates.back() : peak);
    }
    for (auto rate = middle; rate != out.rates.end(); ++rate) {
      ASSERT_NE(std::ranges::find(original.rates, *rate), original.rates.end());
    }
  }
}

TEST(RetrainingRates, OfNoIterationsAreNone) {
  for (const std::string& kind : retraining_schedule_names()) {
    EXPECT_THAT(retrained(kind, kOriginal, 0), IsEmpty());
    EXPECT_THAT(retrained(kind, kOriginal, 3), SizeIs(3));
  }
}

TEST(RetrainingRates, UnknownKindNamesTheNearest) {
  for (const std::int64_t iterations : {0, 10}) {
    const Error error = thrown_by([&] { (void)retrained("slrr", kOriginal, iterations); });
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_THAT(error.what(), HasSubstr("retrain.schedule='slrr'"));
    EXPECT_THAT(error.hint(), HasSubstr("'slr'"));
  }
}

TEST(RetrainingRates, NeedAnOriginal) {
  EXPECT_EQ(thrown_by([] { (void)retrained("slr", {}, 1); }).code(), ErrorCode::Internal);
}

}  // namespace
}  // namespace pollard

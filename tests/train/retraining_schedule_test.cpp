// Expected rates are worked out by hand here, and apart from Pollard in golden_schedules.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "pollard/schedule.h"
#include "support/thrown.h"
#include "train/golden_schedules.h"
#include "train/rate_matchers.h"

namespace pollard {
namespace {

using test::are_rates;
using test::thrown_by;
using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pointwise;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

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

// ---- the other derived schedules ---------------------------------------------------------------

TEST(Lrw, RepeatsTheLastRatesWithoutWarmup) {
  EXPECT_THAT(retrained("lrw", kOriginal, 4), are_rates({0.3, 0.2, 0.2, 0.2}));
  EXPECT_THAT(retrained("lrw", kOriginal, 10), are_rates(kOriginal.rates));
  EXPECT_EQ(retraining_rates({.kind = "lrw"}, kOriginal, 10).warmup, 0);
}

TEST(Lrw, LongerThanTheOriginalIsAnError) {
  const Error error = thrown_by([] { (void)retrained("lrw", kOriginal, 11); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  for (const char* part :
       {"retrain.schedule=lrw", "last 11", "has 10", "retrain.epochs", "train.epochs"}) {
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

// w = 1, R = 3; cos 0, 60 and 120 degrees are 1, 1/2 and -1/2, so what is left of the fall of 0.8
// is 1, 3/4 and 1/4 of it. The smallest rate is that after the original warm-up, 0.2 and not 0.1.
TEST(Clr, FallsToTheSmallestRateAlongHalfACosine) {
  EXPECT_THAT(retrained("clr", kOriginal, 4, 0.25), are_rates({0, 1, 0.8, 0.4}));
  EXPECT_EQ(retrained("clr", kOriginal, 4, 0.25)[1], 1);
}

// w = 1, R = 4: quarters.
TEST(Llr, FallsToZeroOneIterationAfterTheLast) {
  EXPECT_THAT(retrained("llr", kOriginal, 5, 0.2), are_rates({0, 1, 0.75, 0.5, 0.25}));
}

TEST(Warmup, StartsFromTheGivenRate) {
  // Half-way up from 0.2 to 1 after one of two iterations.
  const RetrainingSchedule schedule = {.kind = "llr", .warmup = 0.5, .warmup_from = 0.2};
  EXPECT_THAT(retraining_rates(schedule, kOriginal, 4).rates, are_rates({0.2, 0.6, 1, 0.5}));
}

TEST(Warmup, FromAboveTheRateItLeadsToIsAnError) {
  for (const std::string kind : {"slr", "clr", "llr", "allr", "cosine", "linear", "step"}) {
    const RetrainingSchedule schedule = {.kind = kind, .warmup_from = 1.5, .rate = 1};
    const Error error = thrown_by([&] { (void)retraining_rates(schedule, kOriginal, 4); });
    EXPECT_EQ(error.code(), ErrorCode::Config) << kind;
    EXPECT_THAT(error.what(), HasSubstr("retrain.warmup_from is 1.5")) << kind;
  }
}

TEST(Warmup, MustBeAShareOfTheRetraining) {
  for (const double share : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    const Error error = thrown_by([&] { (void)retrained("llr", kOriginal, 4, share); });
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_THAT(error.what(), HasSubstr("retrain.warmup"));
  }
}

// ---- allr ---------------------------------------------------------------------------------------

// sqrt(0.25) = 0.5, so the drop counts twice; the bounds are 5/10 and 1.
TEST(AllrDiscount, IsTheDropOverTheLargestThereCanBe) {
  EXPECT_DOUBLE_EQ(allr_discount({0.3, 0.25}, 5, 10), 0.6);
  EXPECT_DOUBLE_EQ(allr_discount({0.1, 0.25}, 5, 10), 0.5);  // 0.2
  EXPECT_DOUBLE_EQ(allr_discount({0.7, 0.25}, 5, 10), 1);    // 1.4
}

TEST(AllrDiscount, IsNoneWhereRetrainingIsAsLongAsTraining) {
  EXPECT_EQ(allr_discount({0.1, 0.25}, 10, 10), 1);
  EXPECT_EQ(allr_discount({0.1, 0.25}, 25, 10), 1);
}

TEST(AllrDiscount, IsTheLowerBoundWhereNothingWasRemoved) {
  EXPECT_EQ(allr_discount({0, 0}, 3, 10), 0.3);
  EXPECT_EQ(allr_discount({0, 0.5}, 3, 10), 0.3);
  EXPECT_EQ(allr_discount({0, 0}, 30, 10), 1);
}

TEST(AllrDiscount, OfADropThatIsNoNumberIsAnError) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const PruneDrop drop : {PruneDrop{nan, 0.5}, {0.5, nan}, {-0.1, 0.5}, {0.1, -0.5}})
    EXPECT_EQ(thrown_by([&] { (void)allr_discount(drop, 1, 2); }).code(), ErrorCode::Numeric);
}

TEST(Allr, IsLlrFromTheDiscountedRate) {
  RetrainingSchedule schedule = {.kind = "allr", .warmup = 0.2, .drop = PruneDrop{0.3, 0.25}};
  EXPECT_THAT(retraining_rates(schedule, kOriginal, 5).rates, are_rates({0, 0.6, 0.45, 0.3, 0.15}));
  schedule.drop.reset();
  EXPECT_THAT(retraining_rates(schedule, kOriginal, 5).rates, are_rates({0, 1, 0.75, 0.5, 0.25}));
}

// The discount is known only after pruning, too late for an error.
TEST(Allr, WarmsUpFromNoMoreThanTheDiscountedRate) {
  const RetrainingSchedule schedule = {
      .kind = "allr", .warmup = 0.5, .warmup_from = 0.9, .drop = PruneDrop{0, 0}};  // d = 4/10
  EXPECT_THAT(retraining_rates(schedule, kOriginal, 4).rates, are_rates({0.4, 0.4, 0.4, 0.2}));
}

// ---- rates of their own
// --------------------------------------------------------------------------

TEST(FreeSchedules, LeaveTheOriginalAlone) {
  for (const std::string kind : {"constant", "step", "cosine", "linear"}) {
    EXPECT_EQ(retraining_rates({.kind = kind}, {}, 5).rates,
              retraining_rates({.kind = kind}, kOriginal, 5).rates);
  }
}

TEST(FreeSchedules, ConstantHasNoWarmup) {
  const LearningRates out = retraining_rates({.kind = "constant", .rate = 0.001}, {}, 20);
  EXPECT_THAT(out.rates, Each(0.001));
  EXPECT_EQ(out.warmup, 0);
}

// Drops at round(0.4 * 5) = 2 and round(0.8 * 5) = 4 of all iterations, warm-up included.
TEST(FreeSchedules, StepCountsMilestonesFromTheStart) {
  const RetrainingSchedule schedule = {
      .kind = "step", .warmup = 0.2, .rate = 4, .milestones = {0.4, 0.8}, .gamma = 0.5};
  EXPECT_THAT(retraining_rates(schedule, {}, 5).rates, are_rates({0, 4, 2, 2, 1}));
}

TEST(FreeSchedules, CosineAndLinearEndInTheGivenRate) {
  RetrainingSchedule schedule = {.kind = "linear", .warmup = 0, .rate = 1, .end_rate = 0.2};
  EXPECT_THAT(retraining_rates(schedule, {}, 4).rates, are_rates({1, 0.8, 0.6, 0.4}));
  schedule.kind = "cosine";  // as for clr above
  EXPECT_THAT(retraining_rates(schedule, {}, 3).rates, are_rates({1, 0.8, 0.4}));
}

TEST(FreeSchedules, MeanWhatTheyMeanInDenseTraining) {
  for (const std::string kind : {"constant", "step", "cosine", "linear"}) {
    const std::vector<double> dense = dense_rates({.kind = kind, .rate = 0.3}, 3, 7).rates;
    EXPECT_THAT(retraining_rates({.kind = kind, .warmup = 0, .rate = 0.3}, {}, 21).rates,
                are_rates(dense))
        << kind;
  }
}

TEST(FreeSchedules, DoNotRise) {
  for (const std::string kind : {"cosine", "linear"}) {
    const RetrainingSchedule schedule = {.kind = kind, .rate = 0.1, .end_rate = 0.2};
    const Error error = thrown_by([&] { (void)retraining_rates(schedule, {}, 4); });
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_THAT(error.what(), HasSubstr("retrain.end_lr"));
  }
}

// ---- all of them
// ---------------------------------------------------------------------------------

// The rates of golden_schedules.py; a few roundings of double.
TEST(RetrainingRates, AreThoseOfTheGoldenScript) {
  std::set<std::string> kinds;
  for (const test::GoldenSchedule& golden : test::kGoldenSchedules) {
    const auto iterations = static_cast<std::int64_t>(golden.wanted.rates.size());
    const LearningRates out = retraining_rates(golden.schedule, golden.original, iterations);
    const std::string name = golden.schedule.kind + " of " + golden.original_name + ", " +
                             std::to_string(iterations) + " iterations";
    EXPECT_EQ(out.warmup, golden.wanted.warmup) << name;
    EXPECT_THAT(out.rates, Pointwise(DoubleNear(1e-14), golden.wanted.rates)) << name;
    kinds.insert(golden.schedule.kind);
  }
  EXPECT_THAT(kinds, UnorderedElementsAreArray(retraining_schedule_names()));
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

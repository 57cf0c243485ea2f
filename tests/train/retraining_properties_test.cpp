// What holds for the rates of any retraining, over settings drawn at random.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "pollard/schedule.h"

namespace pollard {
namespace {

// (rapidcheck's whole numbers end before the upper bound.)
std::int64_t draw(std::int64_t from, std::int64_t to) {
  return *rc::gen::inRange<std::int64_t>(from, to + 1);
}
double draw_fraction() { return static_cast<double>(draw(0, 1000)) / 1000; }
double draw_rate() { return static_cast<double>(draw(1, 1000000)) * 1e-6; }

LearningRates draw_original() {
  LearningRates original;
  const std::int64_t total = draw(1, 60);
  for (std::int64_t i = 0; i < total; ++i) original.rates.push_back(draw_rate());
  original.warmup = draw(0, total - 1);
  return original;
}

double largest(const LearningRates& original) { return *std::ranges::max_element(original.rates); }

// Settings that no error refuses.
RetrainingSchedule draw_schedule(const std::string& kind, const LearningRates& original) {
  const double rate = draw_rate();
  const bool free = kind == "constant" || kind == "step" || kind == "cosine" || kind == "linear";
  return {.kind = kind,
          .warmup = draw_fraction(),
          .warmup_from = (free ? rate : largest(original)) * draw_fraction(),
          .rate = rate,
          .end_rate = rate * draw_fraction(),
          .milestones = {draw_fraction(), draw_fraction(), draw_fraction()},
          .gamma = draw_rate(),
          .drop = PruneDrop{draw_fraction(), draw_fraction()}};
}

std::int64_t draw_iterations(const std::string& kind, const LearningRates& original) {
  return draw(0, kind == "lrw" ? static_cast<std::int64_t>(original.rates.size()) : 200);
}

TEST(RetrainingProperties, RatesAreFiniteAndNeverAboveTheLargest) {
  for (const std::string& kind : retraining_schedule_names()) {
    EXPECT_TRUE(rc::check(kind, [&] {
      const LearningRates original = draw_original();
      const RetrainingSchedule schedule = draw_schedule(kind, original);
      const std::int64_t iterations = draw_iterations(kind, original);
      const bool free =
          kind == "constant" || kind == "step" || kind == "cosine" || kind == "linear";
      const double peak = free ? schedule.rate : largest(original);

      const LearningRates out = retraining_rates(schedule, original, iterations);
      RC_ASSERT(out.rates.size() == static_cast<std::size_t>(iterations));
      RC_ASSERT(out.warmup >= 0 && out.warmup <= iterations);
      for (const double rate : out.rates)
        RC_ASSERT(std::isfinite(rate) && rate >= 0 && rate <= peak);
    }));
  }
}

TEST(RetrainingProperties, WarmupRisesToTheFirstRate) {
  for (const std::string kind : {"clr", "llr", "allr", "cosine", "linear"}) {
    EXPECT_TRUE(rc::check(kind, [&] {
      const LearningRates original = draw_original();
      const RetrainingSchedule schedule = draw_schedule(kind, original);
      const LearningRates out = retraining_rates(schedule, original, draw(1, 200));
      const auto peak = out.rates.begin() + out.warmup;
      RC_ASSERT(std::is_sorted(out.rates.begin(), peak));
      RC_PRE(peak != out.rates.end());
      RC_ASSERT(*std::ranges::max_element(out.rates) == *peak);
      RC_ASSERT(std::is_sorted(peak, out.rates.end(), std::greater()));
    }));
  }
}

TEST(RetrainingProperties, ClrEndsAboveTheSmallestRateAfterTheOriginalWarmup) {
  EXPECT_TRUE(rc::check([] {
    const LearningRates original = draw_original();
    const double smallest =
        *std::min_element(original.rates.begin() + original.warmup, original.rates.end());
    const LearningRates out =
        retraining_rates({.kind = "clr", .warmup = 0}, original, draw(1, 200));
    RC_ASSERT(out.rates.front() == largest(original));
    RC_ASSERT(out.rates.back() >= smallest);
  }));
}

TEST(RetrainingProperties, SlrAndLrwOfTheOriginalsLengthAreTheOriginal) {
  EXPECT_TRUE(rc::check([] {
    LearningRates original = draw_original();
    const auto total = static_cast<std::int64_t>(original.rates.size());
    RC_ASSERT(retraining_rates({.kind = "lrw"}, original, total).rates == original.rates);
    original.warmup = 0;
    RC_ASSERT(retraining_rates({.kind = "slr", .warmup = 0}, original, total).rates ==
              original.rates);
  }));
}

TEST(RetrainingProperties, LrwIsTheEndOfTheOriginal) {
  EXPECT_TRUE(rc::check([] {
    const LearningRates original = draw_original();
    const std::int64_t iterations = draw_iterations("lrw", original);
    const LearningRates out = retraining_rates({.kind = "lrw"}, original, iterations);
    RC_ASSERT(std::equal(out.rates.rbegin(), out.rates.rend(), original.rates.rbegin()));
  }));
}

TEST(RetrainingProperties, SlrOfAFallingOriginalFallsThroughItsRates) {
  EXPECT_TRUE(rc::check([] {
    LearningRates original = draw_original();
    std::ranges::sort(original.rates, std::greater());
    const auto iterations = static_cast<std::size_t>(draw(1, 200));
    LearningRates out = retraining_rates({}, original, static_cast<std::int64_t>(iterations));
    RC_ASSERT(out.rates.size() == iterations);
    RC_ASSERT(out.warmup == static_cast<std::int64_t>(iterations / 10));
    std::vector<double> falling(out.rates.begin() + out.warmup, out.rates.end());
    RC_ASSERT(falling.front() == original.rates.front());
    RC_ASSERT(std::ranges::is_sorted(falling, std::greater()));
    if (falling.size() >= original.rates.size())  // stretched: the last one has its turn
      RC_ASSERT(falling.back() == original.rates.back());
    for (const double rate : falling)
      RC_ASSERT(std::ranges::find(original.rates, rate) != original.rates.end());
  }));
}

TEST(RetrainingProperties, AllrDiscountGrowsWithTheDropWithinItsBounds) {
  EXPECT_TRUE(rc::check([] {
    const std::int64_t retrain = draw(1, 100), original = draw(1, 100);
    const double sparsity = draw_fraction(), drop = draw_fraction();
    const double least = std::min(static_cast<double>(retrain) / static_cast<double>(original), 1.);
    const double discount = allr_discount({drop, sparsity}, retrain, original);
    RC_ASSERT(discount >= least && discount <= 1);
    RC_ASSERT(allr_discount({drop + 0.1, sparsity}, retrain, original) >= discount);
  }));
}

}  // namespace
}  // namespace pollard

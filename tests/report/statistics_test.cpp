#include "report/statistics.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace pollard {
namespace {

using Values = std::vector<double>;

// Differences in height of pairs of maize, crossed minus self-fertilised, in eighths of an inch
// (Darwin 1876; Fisher, "The Design of Experiments", 1935, section 21).
const Values kMaize = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};

// Of Python's statistics.mean and statistics.stdev.
TEST(Summarize, IsThatOfPython) {
  const Summary three = summarize(Values{93.27, 93.41, 93.05});
  EXPECT_EQ(three.n, 3u);
  EXPECT_DOUBLE_EQ(three.mean, 93.24333333333333);
  EXPECT_NEAR(*three.std, 0.181475434517549, 1e-13);
  EXPECT_EQ(three.min, 93.05);
  EXPECT_EQ(three.max, 93.41);
  const Summary six = summarize(Values{90.63, 91.35, 91.54, 91.65, 91.77, 91.83});
  EXPECT_DOUBLE_EQ(six.mean, 91.46166666666667);
  EXPECT_NEAR(*six.std, 0.44192382450674494, 1e-13);
  EXPECT_NEAR(summarize(kMaize).mean, 20.933333333333334, 1e-13);
  EXPECT_NEAR(*summarize(kMaize).std, 37.7443783262898, 1e-12);
}

TEST(Summarize, OfOneValueHasNoDeviation) {
  const Summary one = summarize(Values{0.1});
  EXPECT_EQ(one.n, 1u);
  EXPECT_EQ(one.mean, 0.1);
  EXPECT_FALSE(one.std);
  EXPECT_EQ(one.min, 0.1);
  EXPECT_EQ(one.max, 0.1);
}

// Fisher's own 1726 of 32768 sums for the maize; the others counted with Python:
//   sum(abs(sum(s*x for s, x in zip(signs, d))) >= abs(sum(d)) - 1e-12
//       for signs in itertools.product((1, -1), repeat=len(d))) / 2**len(d)
TEST(SignFlip, CountsAllSigns) {
  EXPECT_EQ(sign_flip_p(kMaize), 1726.0 / 32768);
  EXPECT_EQ(sign_flip_p(Values{0.3, 0.1, 0.2}), 0.25);
  EXPECT_EQ(sign_flip_p(Values{0.3, -0.1, 0.2}), 0.5);
  EXPECT_EQ(sign_flip_p(Values{0.5, 0.4, -0.2, 0.7, 0.1, 0.3, -0.05, 0.6}), 0.046875);
  EXPECT_EQ(sign_flip_p(Values{0, 0}), 1.0);
  EXPECT_EQ(sign_flip_p(Values{1}), 1.0);
}

TEST(SignFlip, IsForFewPairs) {
  EXPECT_FALSE(sign_flip_p({}));
  EXPECT_TRUE(sign_flip_p(Values(16, 1.0)));
  EXPECT_FALSE(sign_flip_p(Values(17, 1.0)));
}

// 200,000 samples drawn with Python's random gave 1.4 to 38.13.
TEST(BootstrapMean, IsNearThatOfAnotherGenerator) {
  const auto interval = bootstrap_mean(kMaize);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, 1.4, 0.6);
  EXPECT_NEAR(interval->high, 38.13, 0.6);
}

// Of the 27 equally likely samples of 0.1, 0.2 and 0.3 one each has the mean 0.1 and 0.3: 3.7 %
// of the means at either end, so the middle 95 % reach both, and the middle 90 % neither.
TEST(BootstrapMean, IsThatOfAllSamplesOfThree) {
  const Values values{0.3, 0.1, 0.2};
  const auto wide = bootstrap_mean(values);
  EXPECT_NEAR(wide->low, 0.1, 1e-9);
  EXPECT_NEAR(wide->high, 0.3, 1e-9);
  const auto narrow = bootstrap_mean(values, {.confidence = 0.9});
  EXPECT_NEAR(narrow->low, 0.4 / 3, 1e-9);
  EXPECT_NEAR(narrow->high, 0.8 / 3, 1e-9);
}

TEST(BootstrapMean, DependsOnItsSeedAlone) {
  const auto once = bootstrap_mean(kMaize, {.seed = 7}),
             again = bootstrap_mean(kMaize, {.seed = 7});
  EXPECT_EQ(once->low, again->low);
  EXPECT_EQ(once->high, again->high);
  const auto other = bootstrap_mean(kMaize, {.seed = 8, .samples = 101});
  EXPECT_NE(once->low, other->low);
}

TEST(BootstrapMean, OfOneValueIsNone) {
  EXPECT_FALSE(bootstrap_mean(Values{1}));
  EXPECT_FALSE(compare_pairs(Values{1}).interval);
  EXPECT_EQ(compare_pairs(Values{1}).difference.mean, 1);
}

Values some_values() {
  return *rc::gen::map(
      rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-1000, 1000))),
      [](const std::vector<int>& whole) {
        Values values;
        for (const int value : whole) values.push_back(value / 8.0);
        return values;
      });
}

RC_GTEST_PROP(SummarizeProperties, ItsNumbersKeepTheirOrder, ()) {
  const Values values = some_values();
  const Summary summary = summarize(values);
  RC_ASSERT(summary.n == values.size());
  RC_ASSERT(summary.min <= summary.mean && summary.mean <= summary.max);
  RC_ASSERT(summary.std.has_value() == (values.size() > 1));
  // The largest deviation there can be (Popoviciu), for a sample.
  if (summary.std) {
    const auto n = static_cast<double>(values.size());
    RC_ASSERT(*summary.std <= (summary.max - summary.min) / 2 * std::sqrt(n / (n - 1)) + 1e-9);
  }
}

RC_GTEST_PROP(SummarizeProperties, MovesAndGrowsWithTheValues, ()) {
  const Values values = some_values();
  const int shift = *rc::gen::inRange(-50, 50), scale = *rc::gen::inRange(-5, 5);
  Values changed;
  for (const double value : values) changed.push_back(scale * value + shift);
  const Summary before = summarize(values), after = summarize(changed);
  RC_ASSERT(std::abs(after.mean - (scale * before.mean + shift)) < 1e-9);
  if (before.std) RC_ASSERT(std::abs(*after.std - std::abs(scale) * *before.std) < 1e-9);
}

RC_GTEST_PROP(SignFlipProperties, KnowsNoOrderNorDirection, ()) {
  Values values = some_values();
  if (values.size() > 9) values.resize(9);
  const double p = *sign_flip_p(values);
  RC_ASSERT(p > 0 && p <= 1);
  Values other = values;
  std::ranges::reverse(other);
  RC_ASSERT(sign_flip_p(other) == p);
  for (double& value : other) value = -value;
  RC_ASSERT(sign_flip_p(other) == p);
}

RC_GTEST_PROP(BootstrapProperties, ItsIntervalLiesAmongTheValues, ()) {
  const Values values = some_values();
  const auto interval = bootstrap_mean(values, {.samples = 200});
  RC_ASSERT(interval.has_value() == (values.size() > 1));
  if (!interval) return;
  const Summary summary = summarize(values);
  RC_ASSERT(summary.min <= interval->low && interval->low <= interval->high &&
            interval->high <= summary.max);
}

}  // namespace
}  // namespace pollard

// The kernels against the formulas written out in double precision.
#include "exec/fused_norm.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "exec/tensors.h"
#include "pollard/random.h"
#include "support/threads.h"

namespace pollard {
namespace {

using Values = std::vector<float>;

Values normal_values(std::int64_t count, std::uint64_t index) {
  RandomStream stream(1, Purpose::Testing, 0, index);
  Values values(static_cast<std::size_t>(count));
  for (float& value : values) value = stream.normal();
  return values;
}

struct Problem {
  NormShape shape;
  Values x, y, dy, residual;  // rows x channels
  Values mean, factor, slope, constant;

  explicit Problem(NormShape s) : shape(s) {
    const std::int64_t all = s.rows * s.channels;
    x = normal_values(all, 1);
    y = normal_values(all, 2);  // about half of it not positive
    dy = normal_values(all, 3);
    residual = normal_values(all, 4);
    mean = normal_values(s.channels, 5);
    factor = normal_values(s.channels, 6);
    slope = normal_values(s.channels, 7);
    constant = normal_values(s.channels, 8);
    for (std::int64_t i = 0; i < all; ++i) x[at(i)] += 3 * mean[channel(i)];
    y[0] = 0;
  }
  [[nodiscard]] static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
  [[nodiscard]] std::size_t channel(std::int64_t i) const { return at(i % shape.channels); }
  [[nodiscard]] std::int64_t size() const { return shape.rows * shape.channels; }
};

// One value for each channel, summed over the rows; and the sum of magnitudes for tolerances.
template <typename Term>
std::pair<std::vector<double>, std::vector<double>> sum_rows(const Problem& p, const Term& term) {
  std::vector<double> sum(Problem::at(p.shape.channels)), magnitude(sum.size());
  for (std::int64_t i = 0; i < p.size(); ++i) {
    const double value = term(Problem::at(i), p.channel(i));
    sum[p.channel(i)] += value;
    magnitude[p.channel(i)] += std::abs(value);
  }
  return {sum, magnitude};
}

class FusedNorm : public ::testing::TestWithParam<std::tuple<int, int, int>> {
 protected:
  [[nodiscard]] static NormShape shape() {
    return {std::get<1>(GetParam()), std::get<0>(GetParam())};
  }
  test::Threads threads_{std::get<2>(GetParam())};
};

TEST_P(FusedNorm, Statistics) {
  const Problem p(shape());
  Values mean(p.mean.size()), variance(mean.size());
  norm_statistics(p.shape, p.x.data(), mean.data(), variance.data());
  const auto rows = static_cast<double>(p.shape.rows);
  const auto sums = sum_rows(p, [&](std::size_t i, std::size_t) { return p.x[i]; }).first;
  const auto squares = sum_rows(p, [&](std::size_t i, std::size_t c) {
                         return std::pow(p.x[i] - sums[c] / rows, 2);
                       }).first;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    EXPECT_NEAR(mean[c], sums[c] / rows, 2e-6 * (1 + std::abs(sums[c] / rows)));
    EXPECT_NEAR(variance[c], squares[c] / rows, 2e-5);
    EXPECT_GE(variance[c], 0);
  }
}

TEST_P(FusedNorm, Apply) {
  const Problem p(shape());
  for (const bool relu : {false, true}) {
    for (const bool residual : {false, true}) {
      for (const bool in_place : {false, true}) {
        Values x = p.x, out(x.size());
        Values& y = in_place ? x : out;
        norm_apply(p.shape, x.data(), p.factor.data(), p.slope.data(),
                   residual ? p.residual.data() : nullptr, relu, y.data());
        for (std::int64_t i = 0; i < p.size(); ++i) {
          const std::size_t k = Problem::at(i), c = p.channel(i);
          double expected = static_cast<double>(p.x[k]) * p.factor[c] + p.slope[c];
          if (residual) expected += p.residual[k];
          if (relu) expected = std::max(0.0, expected);
          ASSERT_NEAR(y[k], expected, 3e-6 * (1 + std::abs(p.x[k] * p.factor[c])))
              << "at " << i << " relu " << relu << " residual " << residual;
        }
      }
    }
  }
}

// How ReLU's rest is told, whether there is a second gradient, whether g is kept over dy.
struct BackwardCase {
  enum Mask { None, FromY, FromX } mask;
  bool second;
};
constexpr BackwardCase kBackwardCases[] = {
    {BackwardCase::None, false}, {BackwardCase::None, true},   {BackwardCase::FromY, false},
    {BackwardCase::FromY, true}, {BackwardCase::FromX, false}, {BackwardCase::FromX, true},
};

NormGradient gradient_of(const Problem& p, const BackwardCase& c) {
  NormGradient gradient{.dy = p.dy.data()};
  if (c.second) gradient.dy2 = p.residual.data();
  if (c.mask == BackwardCase::FromY) gradient.y = p.y.data();
  if (c.mask == BackwardCase::FromX) {
    gradient.factor = p.factor.data();
    gradient.offset = p.slope.data();
  }
  return gradient;
}

float expected_g(const Problem& p, const BackwardCase& c, std::size_t i, std::size_t channel) {
  const float g = c.second ? p.dy[i] + p.residual[i] : p.dy[i];
  if (c.mask == BackwardCase::FromY && p.y[i] <= 0) return 0;
  const bool rest = double{p.x[i]} * p.factor[channel] + p.slope[channel] <= 0;
  return c.mask == BackwardCase::FromX && rest ? 0 : g;
}

TEST_P(FusedNorm, BackwardSums) {
  const Problem p(shape());
  for (const BackwardCase& each : kBackwardCases) {
    Values sum_g(p.mean.size()), sum_gx(sum_g.size()), kept(p.dy);
    NormGradient gradient = gradient_of(p, each);
    gradient.dy = kept.data();  // g may take its place
    norm_backward_sums(p.shape, p.x.data(), gradient, p.mean.data(),
                       each.second ? kept.data() : nullptr, sum_g.data(), sum_gx.data());
    const auto g = [&](std::size_t i, std::size_t c) -> double {
      return expected_g(p, each, i, c);
    };
    const auto [expected, bound] = sum_rows(p, g);
    const auto [expected_x, bound_x] = sum_rows(
        p, [&](std::size_t i, std::size_t c) { return g(i, c) * (double{p.x[i]} - p.mean[c]); });
    for (std::size_t c = 0; c < sum_g.size(); ++c) {
      EXPECT_NEAR(sum_g[c], expected[c], 1e-6 * bound[c]);
      EXPECT_NEAR(sum_gx[c], expected_x[c], 1e-6 * bound_x[c]);
    }
    for (std::int64_t i = 0; i < p.size(); ++i) {
      const std::size_t k = Problem::at(i);
      ASSERT_EQ(kept[k], each.second ? expected_g(p, each, k, p.channel(i)) : p.dy[k]) << i;
    }
  }
}

TEST_P(FusedNorm, BackwardApply) {
  const Problem p(shape());
  for (const BackwardCase& each : kBackwardCases) {
    for (const bool in_place : {false, true}) {
      Values dy(p.dy), out(p.x.size());
      Values& dx = in_place ? dy : out;
      NormGradient gradient = gradient_of(p, each);
      gradient.dy = dy.data();
      norm_backward_apply(p.shape, p.x.data(), gradient, p.mean.data(), p.factor.data(),
                          p.slope.data(), p.constant.data(), dx.data());
      for (std::int64_t i = 0; i < p.size(); ++i) {
        const std::size_t k = Problem::at(i), c = p.channel(i);
        const double terms[] = {double{p.factor[c]} * expected_g(p, each, k, c),
                                p.slope[c] * (double{p.x[k]} - p.mean[c]), p.constant[c]};
        ASSERT_NEAR(dx[k], terms[0] + terms[1] + terms[2],
                    1e-6 * (1 + std::abs(terms[0]) + std::abs(terms[1])))
            << "at " << i << " mask " << each.mask << " second " << each.second;
      }
    }
  }
}

TEST_P(FusedNorm, RepeatsBitForBit) {
  const Problem p(shape());
  const auto all = [&] {
    Values sums(4 * p.mean.size());
    const std::size_t n = p.mean.size();
    norm_statistics(p.shape, p.x.data(), sums.data(), sums.data() + n);
    norm_backward_sums(p.shape, p.x.data(), {.dy = p.dy.data(), .y = p.y.data()}, p.mean.data(),
                       nullptr, sums.data() + 2 * n, sums.data() + 3 * n);
    return sums;
  };
  EXPECT_EQ(all(), all());
}

// Rows that make no whole number of lines (37, 1031), fewer than the threads (1), several blocks.
INSTANTIATE_TEST_SUITE_P(Shapes, FusedNorm,
                         ::testing::Combine(::testing::Values(1, 2, 8, 16, 24, 32, 64, 128, 160),
                                            ::testing::Values(1, 37, 1031),
                                            ::testing::Values(1, 2, 3)));
INSTANTIATE_TEST_SUITE_P(ManyBlocks, FusedNorm,
                         ::testing::Combine(::testing::Values(1, 8), ::testing::Values(40007),
                                            ::testing::Values(1, 3)));

TEST(FusedNormStatistics, DoNotCancelFarFromZero) {
  const NormShape shape{5000, 16};
  Values x = normal_values(shape.rows * shape.channels, 9);
  for (float& value : x) value += 1000;
  double mean = 0, square = 0;
  for (std::size_t i = 3; i < x.size(); i += 16) mean += x[i] / 5000.0;
  for (std::size_t i = 3; i < x.size(); i += 16) square += std::pow(x[i] - mean, 2) / 5000.0;
  Values means(16), variances(16);
  norm_statistics(shape, x.data(), means.data(), variances.data());
  EXPECT_NEAR(means[3], mean, 1e-4);
  EXPECT_NEAR(variances[3], square, 1e-5);
}

TEST(FusedNormStatistics, AreExactForConstants) {
  const Values x(64 * 100, 0.1F);
  Values mean(64), variance(64, 1);
  norm_statistics({100, 64}, x.data(), mean.data(), variance.data());
  EXPECT_EQ(mean, Values(64, 0.1F));
  EXPECT_EQ(variance, Values(64, 0));
}

TEST(FusedNormRelu, LetsNanThrough) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Values x(8 * 20, 1), y(x.size());
  x[5] = x[158] = nan;  // in a line and in the rest
  const Values one(8, 1), zero(8, 0);
  norm_apply({20, 8}, x.data(), one.data(), zero.data(), nullptr, true, y.data());
  EXPECT_TRUE(std::isnan(y[5]));
  EXPECT_TRUE(std::isnan(y[158]));
  EXPECT_EQ(y[6], 1);
  const Values dy(x.size(), 2);  // the gradient goes where LibTorch's threshold_backward lets it
  Values sum_g(8), sum_gx(8);
  norm_backward_sums({20, 8}, dy.data(), {.dy = dy.data(), .y = y.data()}, zero.data(), nullptr,
                     sum_g.data(), sum_gx.data());
  EXPECT_EQ(sum_g, Values(8, 40));
  norm_backward_sums({20, 8}, x.data(),
                     {.dy = dy.data(), .factor = one.data(), .offset = zero.data()}, zero.data(),
                     nullptr, sum_g.data(), sum_gx.data());
  EXPECT_EQ(sum_g, Values(8, 40));
}

TEST(FusedNormSupports, DivisorsOf64AndMultiplesOf8) {
  for (std::int64_t channels = 1; channels <= 200; ++channels) {
    EXPECT_EQ(fused_norm_supports(channels), 64 % channels == 0 || channels % 8 == 0) << channels;
  }
  EXPECT_FALSE(fused_norm_supports(0));
}

}  // namespace
}  // namespace pollard

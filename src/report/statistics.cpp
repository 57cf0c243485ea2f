#include "report/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/statistics.h"
#include "pollard/random.h"

namespace pollard {
namespace {

constexpr std::size_t kMostFlipped = 16;

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Summary summarize(std::span<const double> values) {
  const auto [min, max] = std::ranges::minmax(values);
  Summary summary{.n = values.size(), .min = min, .max = max};
  // The mean of equal values is that value, whatever rounding says.
  summary.mean = std::clamp(mean_of(values), min, max);
  if (values.size() < 2) return summary;
  double squares = 0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  summary.std = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return summary;
}

std::optional<Interval> bootstrap_mean(std::span<const double> values, const Bootstrap& bootstrap) {
  if (values.size() < 2 || bootstrap.samples == 0) return {};
  const auto count = static_cast<std::uint32_t>(values.size());
  std::vector<double> means(bootstrap.samples);
  for (std::uint32_t sample = 0; sample < bootstrap.samples; ++sample) {
    RandomStream draws(bootstrap.seed, Purpose::Bootstrap, 0, sample);
    double sum = 0;
    for (std::uint32_t i = 0; i < count; ++i) sum += values[draws.below(count)];
    means[sample] = sum / count;
  }
  const double tail = (1 - bootstrap.confidence) / 2;
  return Interval{quantile(means, tail), quantile(means, 1 - tail)};
}

std::optional<double> sign_flip_p(std::span<const double> differences) {
  const std::size_t n = differences.size();
  if (n == 0 || n > kMostFlipped) return {};
  double observed = 0, size = 0;
  for (const double difference : differences) {
    observed += difference;
    size += std::abs(difference);
  }
  // Sums of the same numbers in another way differ in their last bits.
  const double enough = std::abs(observed) - 1e-12 * size;
  std::size_t as_far = 0;
  for (std::size_t signs = 0; signs < std::size_t{1} << n; ++signs) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i)
      sum += (signs >> i & 1) != 0 ? -differences[i] : differences[i];
    if (std::abs(sum) >= enough) ++as_far;
  }
  return static_cast<double>(as_far) / static_cast<double>(std::size_t{1} << n);
}

PairedDifference compare_pairs(std::span<const double> differences, const Bootstrap& bootstrap) {
  return {summarize(differences), bootstrap_mean(differences, bootstrap), sign_flip_p(differences)};
}

}  // namespace pollard

// What a few runs say together: mean and spread over seeds, and whether a difference between two
// methods could be chance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace pollard {

struct Summary {
  std::size_t n = 0;
  double mean = 0;
  std::optional<double> std = {};  // of a sample: over n - 1; none for n = 1
  double min = 0, max = 0;
};
/// Of at least one value.
[[nodiscard]] Summary summarize(std::span<const double> values);

/// Resampling: the same seed gives the same interval.
struct Bootstrap {
  std::uint64_t seed = 0;
  std::uint32_t samples = 10'000;
  double confidence = 0.95;
};

struct Interval {
  double low = 0, high = 0;
};

/// Of the mean: the middle `confidence` of the means of samples drawn with replacement (Efron's
/// percentile interval). Of few values it is too narrow; of fewer than two there is none.
[[nodiscard]] std::optional<Interval> bootstrap_mean(std::span<const double> values,
                                                     const Bootstrap& bootstrap = {});

/// The exact two-sided p value of the sign-flip test (Fisher): of all 2^n ways to give differences
/// of pairs their signs, the part whose mean is as far from 0 as that of `differences`, or farther.
/// None for no differences, or more than 16. It cannot get below 2 / 2^n: 0.25 for three seeds.
[[nodiscard]] std::optional<double> sign_flip_p(std::span<const double> differences);

/// Differences of pairs (second minus first).
struct PairedDifference {
  Summary difference;
  std::optional<Interval> interval;  // of its mean
  std::optional<double> p;
};
/// Of at least one difference.
[[nodiscard]] PairedDifference compare_pairs(std::span<const double> differences,
                                             const Bootstrap& bootstrap = {});

}  // namespace pollard

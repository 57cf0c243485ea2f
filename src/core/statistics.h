// How measured values spread.
#pragma once

#include <cstddef>
#include <vector>

namespace pollard {

/// Of at least one value; linear between neighbours in order: q = 0 is the smallest, 1 the largest,
/// 0.5 the median.
[[nodiscard]] double quantile(std::vector<double> values, double q);

struct Spread {
  double median = 0, p10 = 0, low = 0, high = 0;  // low, high: the quartiles
  std::size_t count = 0;
};
/// All 0 where there are no values.
[[nodiscard]] Spread spread_of(const std::vector<double>& values);

}  // namespace pollard

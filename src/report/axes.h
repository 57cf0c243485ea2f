// Scales of charts: a range of numbers onto a range of pixels, with ticks at round numbers.
#pragma once

#include <string>
#include <vector>

namespace pollard {

/// Multiples of 1, 2 or 5 times a power of ten within [low, high], about `wanted` of them.
[[nodiscard]] std::vector<double> nice_ticks(double low, double high, int wanted);
/// Powers of ten within [low, high]; with 2 and 5 times them where that gives fewer than three.
[[nodiscard]] std::vector<double> log_ticks(double low, double high);

class Axis {
 public:
  /// Covers [low, high], widened to whole ticks if `widen`; maps low to `from` and high to `to`.
  /// A logarithmic axis needs low > 0.
  Axis(double low, double high, double from, double to, int wanted_ticks, bool logarithmic,
       bool widen);

  [[nodiscard]] double position(double value) const;
  [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }

 private:
  double low_, high_, from_, to_;
  bool logarithmic_;
  std::vector<double> ticks_;
};

/// A tick's number: "0.25", "1,000", "1e-05".
[[nodiscard]] std::string tick_text(double value);

}  // namespace pollard

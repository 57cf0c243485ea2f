#include "report/axes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/values.h"

namespace pollard {
namespace {

double nice_step(double span, int wanted) {
  const double rough = span / std::max(1, wanted);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::vector<double> decades(double low, double high, std::initializer_list<double> factors) {
  std::vector<double> ticks;
  const auto first = static_cast<int>(std::floor(std::log10(low)));
  const auto last = static_cast<int>(std::ceil(std::log10(high)));
  for (int exponent = first; exponent <= last; ++exponent) {
    for (const double factor : factors) {
      const double tick = factor * std::pow(10, exponent);
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push_back(tick);
    }
  }
  return ticks;
}

}  // namespace

std::vector<double> nice_ticks(double low, double high, int wanted) {
  if (!(high > low)) return {low};
  const double step = nice_step(high - low, wanted);
  std::vector<double> ticks;
  const auto first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step + 0.0);
  return ticks;
}

std::vector<double> log_ticks(double low, double high) {
  std::vector<double> ticks = decades(low, high, {1});
  if (ticks.size() < 3) ticks = decades(low, high, {1, 2, 5});
  return ticks;
}

Axis::Axis(double low, double high, double from, double to, int wanted_ticks, bool logarithmic,
           bool widen)
    : low_(low), high_(high), from_(from), to_(to), logarithmic_(logarithmic) {
  if (!(high_ > low_)) {  // one value: give it room
    const double room = logarithmic ? low_ / 2 : std::max(1.0, std::abs(low_)) / 2;
    low_ -= room;
    high_ += room;
  }
  if (widen && !logarithmic) {
    const double step = nice_step(high_ - low_, wanted_ticks);
    low_ = std::floor(low_ / step + 1e-9) * step;
    high_ = std::ceil(high_ / step - 1e-9) * step;
  } else if (widen) {
    low_ /= 1.1;
    high_ *= 1.1;
  }
  ticks_ = logarithmic ? log_ticks(low_, high_) : nice_ticks(low_, high_, wanted_ticks);
}

double Axis::position(double value) const {
  const double part = logarithmic_ ? std::log(value / low_) / std::log(high_ / low_)
                                   : (value - low_) / (high_ - low_);
  return from_ + part * (to_ - from_);
}

std::string tick_text(double value) {
  const double size = std::abs(value);
  if (size >= 1000 && size < 1e7 && value == std::floor(value)) return grouped(value);
  return fmt::format("{:g}", value);
}

}  // namespace pollard

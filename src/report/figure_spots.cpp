#include "report/figure_spots.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace pollard {
namespace {

constexpr double kHuge = 1e300;  // beyond it the width of a range is no number
constexpr double kTiny = 1e-300;
constexpr double kRoom = 0.05;        // of the range, at each end
constexpr double kBetweenTicks = 24;  // pixels upwards, at least about

bool number(double value) { return std::abs(value) < kHuge; }

bool has_place(const Panel& panel, const FigureLine& line, const Spot& spot) {
  if (!number(spot.y)) return false;
  if (line.form == LineForm::Baseline) return true;  // wherever its x is
  return number(spot.x) && (!panel.log_x || spot.x > kTiny);
}

// Ticks cannot tell numbers apart that differ in their last digits only: they are one value, which
// the axis gives room to.
Range told_apart(Range range) {
  const double size = std::max({std::abs(range.low), std::abs(range.high), kTiny});
  if (range.high - range.low > 1e-9 * size) return range;
  return {range.low, range.low};
}

Range with_room(Range range) {
  const double room = kRoom * (range.high - range.low);
  return {range.low - room, range.high + room};
}

Range with_room_log(Range range) {
  const double room = std::pow(range.high / range.low, kRoom);
  return {range.low / room, range.high * room};
}

// The wanted ends; the other one gives way where it is on the wrong side.
Range between(Range range, std::optional<double> low, std::optional<double> high) {
  if (low && !number(*low)) low.reset();
  if (high && !number(*high)) high.reset();
  if (low && high && *low > *high) std::swap(low, high);
  range = {low.value_or(range.low), high.value_or(range.high)};
  if (range.low < range.high) return range;
  const double room = std::max(1.0, std::abs(low.value_or(range.high)) / 10);
  return low && !high ? Range{*low, *low + room} : Range{range.high - room, range.high};
}

void include(Range& range, double value) {
  range = {std::min(range.low, value), std::max(range.high, value)};
}

}  // namespace

std::vector<Spot> drawn_spots(const Panel& panel, const FigureLine& line) {
  std::vector<Spot> spots;
  for (const Spot& spot : line.spots) {
    if (!has_place(panel, line, spot)) continue;
    spots.push_back(spot);
    Spot& drawn = spots.back();
    drawn.low = number(spot.low) ? std::min(spot.low, spot.y) : spot.y;
    drawn.high = number(spot.high) ? std::max(spot.high, spot.y) : spot.y;
    if (line.form == LineForm::Baseline) break;
  }
  return spots;
}

PanelRanges ranges_of(const Panel& panel) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Range x{kInfinity, -kInfinity}, y = x;
  for (const FigureLine& line : panel.lines) {
    for (const Spot& spot : drawn_spots(panel, line)) {
      include(y, spot.low);
      include(y, spot.high);
      if (line.form != LineForm::Baseline) include(x, spot.x);
    }
  }
  if (y.low > y.high) return {};
  if (x.low > x.high) x = panel.log_x ? Range{1, 10} : Range{0, 1};  // baselines alone
  x = told_apart(x);
  y = told_apart(y);
  Range up = with_room(y);
  if (panel.low_y || panel.high_y) up = told_apart(between(up, panel.low_y, panel.high_y));
  return {false, panel.log_x ? with_room_log(x) : with_room(x), up};
}

Axis x_axis(const Panel& panel, const PanelRanges& ranges, double from, double to,
            int wanted_ticks) {
  return {ranges.x.low, ranges.x.high, from, to, wanted_ticks, panel.log_x, false};
}

Axis y_axis(const PanelRanges& ranges, double from, double to) {
  const int wanted = static_cast<int>(std::abs(from - to) / kBetweenTicks);
  return {ranges.y.low, ranges.y.high, from, to, wanted, false, false};
}

}  // namespace pollard

// What of a figure's panel can be drawn, and the ranges that it needs.
#pragma once

#include <vector>

#include "report/axes.h"
#include "report/figure.h"

namespace pollard {

/// The spots of a line that have a place in the panel, in their order: numbers, and on a
/// logarithmic axis positive ones. Of a baseline the first. `low` and `high` lie around y then.
[[nodiscard]] std::vector<Spot> drawn_spots(const Panel& panel, const FigureLine& line);

struct Range {
  double low, high;
};

struct PanelRanges {
  bool empty = true;  // no spots; the ranges then mean nothing
  Range x{0, 1}, y{0, 1};
};

/// With room around the spots, but for `low_y` and `high_y`, which are ends as they are.
[[nodiscard]] PanelRanges ranges_of(const Panel& panel);

/// The panel's axes over these pixels, with about as many ticks as wanted, or as their numbers have
/// room for above each other.
[[nodiscard]] Axis x_axis(const Panel& panel, const PanelRanges& ranges, double from, double to,
                          int wanted_ticks);
[[nodiscard]] Axis y_axis(const PanelRanges& ranges, double from, double to);

}  // namespace pollard

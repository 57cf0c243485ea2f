// How a line of a figure looks: a colour, a marker and, where colours begin anew, dashes, so that
// lines are told apart in grey print and by people who see few colours.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "report/figure.h"

namespace pollard {

struct LineLook {
  std::string_view color;     // "#0072b2"
  std::size_t marker = 0;     // a shape, solid or hollow
  std::string_view dashes;    // "" for none
  std::string_view baseline;  // the dashes where it is a baseline
};

/// By name, in the order in which the names first appear in the figure.
[[nodiscard]] std::map<std::string, LineLook> looks_of(const Figure& figure);

/// Names as the legend has them, in order of appearance: those that something is drawn of.
struct LegendName {
  std::string name;
  bool baseline;  // in all panels
};
[[nodiscard]] std::vector<LegendName> legend_names(const Figure& figure);

/// An SVG element: the look's marker around a point, in pixels.
[[nodiscard]] std::string marker_at(const LineLook& look, double x, double y);

}  // namespace pollard

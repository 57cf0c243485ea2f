// A figure of several panels, as papers draw them: lines with bands, horizontal baselines, running
// maxima, one legend for all panels. Drawn as one SVG file that looks the same everywhere.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/table.h"

namespace pollard {

/// A value at x and how far it spread over seeds; low = high = y where that is not known.
struct Spot {
  double x, y, low, high;
  std::size_t n = 1;                // seeds
  std::vector<std::string> origin;  // ids of the configurations behind it
};

enum class LineForm {
  Curve,     // from spot to spot, with a dot at each
  Steps,     // a running maximum: level until the next spot, and on to the panel's end
  Baseline,  // dashed, level over the whole panel: the first spot's y
};

struct FigureLine {
  std::string name;         // in the legend; equal names look equal in all panels
  std::vector<Spot> spots;  // in order of x
  LineForm form = LineForm::Curve;
};

struct Panel {
  std::string title;
  std::string x_label, y_label;  // with units
  std::vector<FigureLine> lines;
  bool log_x = false;
  std::optional<double> low_y, high_y;  // else what the spots need
};

struct Figure {
  std::string id;  // "fig4": also in the names of its files
  std::string title, description;
  std::size_t columns = 2;         // panels in a row
  std::vector<Panel> panels;       // row by row
  std::vector<std::string> notes;  // small lines below: conditions
};

/// A whole SVG file. The same figure gives the same text.
[[nodiscard]] std::string draw_figure(const Figure& figure);
/// What is drawn, a line a spot: panel, line, x, y, low, high, n, configurations.
[[nodiscard]] TextTable figure_values(const Figure& figure);

}  // namespace pollard

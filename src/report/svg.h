// A small chart writer: line charts and horizontal bars as SVG text.
//
// The same chart gives the same text. Lines and words take the colour of the text around them, so a
// chart reads on light and dark pages; the colours of series have a shade for each.
#pragma once

#include <string>
#include <vector>

namespace pollard {

struct Point {
  double x, y;
};

enum class LineStyle {
  Solid,
  Dashed,
  Faint,  // thin and pale, in the colour of the series before it
  Guide,  // dashed in the colour of the text: nothing that was measured
};

struct Series {
  std::string name;
  std::vector<std::vector<Point>> pieces;  // joined within a piece, not between them
  LineStyle style = LineStyle::Solid;
  std::vector<std::string> piece_names = {};  // written beside each one's last point
};

/// A stage begins at x.
struct Separator {
  double x;
  std::string label;
};

struct LineChart {
  std::string id;  // unique in the page
  std::string title, description;
  std::string x_label, y_label;
  std::vector<Series> series;
  std::vector<Separator> separators = {};
  bool log_y = false;  // points with y <= 0 are then left out
  bool log_x = false;  // the same of x
  bool marks = false;  // a dot at each point of solid lines
};

struct Bar {
  std::string label;
  double value;
  std::string text;  // beside the bar
};

struct BarChart {
  std::string id;
  std::string title, description;
  std::vector<Bar> bars;
  double maximum;  // of the axis, which starts at 0
};

[[nodiscard]] std::string line_chart(const LineChart& chart);
[[nodiscard]] std::string bar_chart(const BarChart& chart);

}  // namespace pollard

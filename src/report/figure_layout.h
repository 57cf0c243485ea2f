// Where the parts of a figure stand: the title, then the legend, the panels row by row and the
// notes, each as high as its words need. All lengths are pixels, from the top left corner.
#pragma once

#include <string>
#include <vector>

#include "report/figure.h"
#include "report/figure_spots.h"

namespace pollard {

constexpr double kTitleSize = 13, kTextSize = 11, kTickSize = 10, kNoteSize = 9.5;
constexpr double kLine = 14;  // of text, from line to line
constexpr double kEdge = 10;  // around everything

/// Lines of text, one below the other.
struct Block {
  std::vector<std::string> lines;
  double x = 0, y = 0;  // where the first line's letters stand
  double line_height = 0;
};

struct Tick {
  double at;         // pixels along the axis
  std::string text;  // "" where it would touch its neighbour
};

struct PanelLayout {
  PanelRanges ranges;
  double left, top, right, bottom;  // of what the axes enclose
  Block title, x_label, y_label;    // centred; the last turned, at the height of its middle
  std::vector<Tick> x_ticks, y_ticks;
};

struct LegendEntry {
  std::string name;
  bool baseline;
  Block text;  // to the right of the sample, which ends kSampleGap before it
};
constexpr double kSample = 28, kSampleGap = 6;

struct FigureLayout {
  double width, height;
  Block title, notes;
  std::vector<LegendEntry> legend;
  std::vector<PanelLayout> panels;
};

[[nodiscard]] FigureLayout lay_out(const Figure& figure);

/// The legend's entries in as many columns as fit between x = 0 and `width`, from `top` on, which
/// moves to below them.
[[nodiscard]] std::vector<LegendEntry> lay_out_legend(const Figure& figure, double width,
                                                      double& top);

}  // namespace pollard

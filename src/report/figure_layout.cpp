#include "report/figure_layout.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "report/svg_text.h"

namespace pollard {
namespace {

constexpr double kGap = 16;  // between rows of panels
constexpr double kTitleLine = 17, kNoteLine = 12.5;
constexpr double kTickLength = 4, kTickGap = 3;  // and then the number
constexpr double kBelowTitle = 8;                // between a panel's title and its plot

// A panel with all around it; the figure is about as wide as a page of text, whatever the columns.
struct PanelSize {
  double width, plot_height;
};
PanelSize size_for(std::size_t columns) {
  if (columns == 1) return {460, 240};
  return columns == 2 ? PanelSize{330, 175} : PanelSize{250, 140};
}
constexpr double kLeastPlot = 130;  // its width, however wide the numbers beside it are

// What all panels share, so that their plots are as large and stand below each other.
struct Grid {
  std::size_t columns;
  double left, right;  // beside each plot
  double plot_width, plot_height;

  [[nodiscard]] double cell() const { return left + plot_width + right; }
};

double lines_height(const Block& block) {
  return block.line_height * static_cast<double>(block.lines.size());
}

// The wanted number of ticks is the largest whose numbers stand apart.
constexpr int kMostTicks = 7;

std::vector<double> tick_values(const Axis& axis, const Range& range) {
  return axis.ticks().size() < 2 ? nice_ticks(range.low, range.high, 4) : axis.ticks();
}

double number_width(double tick) { return text_width(tick_text(tick), kTickSize); }

// Ticks of which those have a number that has room from `begin` to `end`.
std::vector<Tick> numbered(const Axis& axis, const std::vector<double>& values, double begin,
                           double end) {
  std::vector<Tick> ticks;
  for (const double value : values) {
    const double at = axis.position(value), half = number_width(value) / 2;
    const bool fits = at - half >= begin && at + half <= end;
    ticks.push_back({at, fits ? tick_text(value) : ""});
    if (fits) begin = at + half + 7;
  }
  return ticks;
}

std::vector<Tick> x_ticks(const Panel& panel, const PanelLayout& place, const Grid& grid) {
  std::vector<Tick> ticks;
  for (int wanted = kMostTicks; wanted > 0; --wanted) {
    const Axis axis = x_axis(panel, place.ranges, place.left, place.right, wanted);
    ticks = numbered(axis, tick_values(axis, place.ranges.x), place.left - grid.left + kTickGap,
                     place.right + grid.right);
    if (std::ranges::none_of(ticks, [](const Tick& tick) { return tick.text.empty(); })) break;
  }
  return ticks;
}

std::vector<Tick> y_ticks(const PanelLayout& place) {
  const Axis axis = y_axis(place.ranges, place.bottom, place.top);
  std::vector<Tick> ticks;
  for (const double value : axis.ticks()) ticks.push_back({axis.position(value), tick_text(value)});
  return ticks;
}

Block block(std::string_view text, double width, double size, double line_height,
            bool bold = false) {
  return {fit_lines(text, width, size, bold), 0, 0, line_height};
}

// How far the numbers of an axis of any panel may reach beside the plots.
void make_room(Grid& grid, const std::vector<PanelLayout>& panels, const Figure& figure) {
  double numbers = 0, labels = 0, half = 0;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    labels = std::max(labels, lines_height(panels[i].y_label));
    if (panels[i].ranges.empty) continue;
    const Axis up = y_axis(panels[i].ranges, grid.plot_height, 0);
    for (const double tick : up.ticks()) numbers = std::max(numbers, number_width(tick));
    const Axis along = x_axis(figure.panels[i], panels[i].ranges, 0, 1, kMostTicks);
    for (const double tick : along.ticks()) half = std::max(half, number_width(tick) / 2);
  }
  grid.left = kEdge + labels + numbers + kTickLength + kTickGap;
  grid.right = std::max(kEdge, half + 2);
}

Grid measure(const Figure& figure, std::vector<PanelLayout>& panels) {
  const std::size_t columns =
      std::clamp<std::size_t>(figure.columns, 1, std::max<std::size_t>(1, panels.size()));
  const PanelSize size = size_for(columns);
  Grid grid{columns, 0, 0, 0, size.plot_height};
  for (std::size_t i = 0; i < panels.size(); ++i) {
    panels[i].ranges = ranges_of(figure.panels[i]);
    panels[i].y_label = block(figure.panels[i].y_label, grid.plot_height, kTextSize, kLine);
  }
  make_room(grid, panels, figure);
  grid.plot_width = std::max(kLeastPlot, size.width - grid.left - grid.right);
  const double words = grid.plot_width + 2 * (grid.right - 2);  // centred on the plot
  for (std::size_t i = 0; i < panels.size(); ++i) {
    panels[i].title = block(figure.panels[i].title, words, kTextSize, kLine, true);
    panels[i].x_label = block(figure.panels[i].x_label, words, kTextSize, kLine);
  }
  return grid;
}

// A panel whose plot begins at (left, top).
void place_panel(PanelLayout& place, const Panel& panel, const Grid& grid, double left,
                 double top) {
  place.left = left;
  place.top = top;
  place.right = left + grid.plot_width;
  place.bottom = top + grid.plot_height;
  const double middle = (place.left + place.right) / 2;
  place.title.x = place.x_label.x = middle;
  place.title.y = top - kBelowTitle - lines_height(place.title) + kLine;
  const double below = place.bottom + kTickLength + kTickGap + kTickSize;
  place.x_label.y = below + kLine + 1;
  place.y_label.x = left - grid.left + 4 + kTextSize;
  place.y_label.y = (place.top + place.bottom) / 2;
  if (place.ranges.empty) return;
  place.x_ticks = x_ticks(panel, place, grid);
  place.y_ticks = y_ticks(place);
}

// From `top` on; returns where they end.
double place_panels(const Figure& figure, const Grid& grid, std::vector<PanelLayout>& panels,
                    double top) {
  for (std::size_t first = 0; first < panels.size(); first += grid.columns) {
    const std::size_t end = std::min(first + grid.columns, panels.size());
    double titles = 0, labels = 0;
    for (std::size_t i = first; i < end; ++i) {
      titles = std::max(titles, lines_height(panels[i].title) + kBelowTitle);
      labels = std::max(labels, lines_height(panels[i].x_label));
    }
    if (first > 0) top += kGap;
    top += titles;
    for (std::size_t i = first; i < end; ++i) {
      const double left = static_cast<double>(i - first) * grid.cell() + grid.left;
      place_panel(panels[i], figure.panels[i], grid, left, top);
    }
    top += grid.plot_height + kTickLength + kTickGap + kTickSize + labels + 4;
  }
  return top;
}

Block lay_out_notes(const Figure& figure, double width, double& top) {
  Block notes{{}, kEdge, 0, kNoteLine};
  for (const std::string& note : figure.notes) {
    std::ranges::copy(fit_lines(note, width - 2 * kEdge, kNoteSize),
                      std::back_inserter(notes.lines));
  }
  if (notes.lines.empty()) return notes;
  notes.y = top + 8 + kNoteSize;
  top += 8 + lines_height(notes);
  return notes;
}

}  // namespace

FigureLayout lay_out(const Figure& figure) {
  FigureLayout all{};
  all.panels.resize(figure.panels.size());
  const Grid grid = measure(figure, all.panels);
  all.width = std::ceil(static_cast<double>(grid.columns) * grid.cell());
  double top = kEdge;
  all.title = block(figure.title, all.width - 2 * kEdge, kTitleSize, kTitleLine, true);
  all.title.x = all.width / 2;
  all.title.y = top + kTitleSize;
  if (!all.title.lines.empty()) top += lines_height(all.title) + 6;
  all.legend = lay_out_legend(figure, all.width, top);
  if (!all.legend.empty()) top += 8;
  top = place_panels(figure, grid, all.panels, top);
  all.notes = lay_out_notes(figure, all.width, top);
  all.height = std::ceil(top + kEdge);
  return all;
}

}  // namespace pollard

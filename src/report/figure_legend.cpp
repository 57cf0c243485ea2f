#include <algorithm>

#include "report/figure_layout.h"
#include "report/figure_style.h"
#include "report/svg_text.h"

namespace pollard {
namespace {

constexpr double kBetween = 20;

double width_of(const LegendEntry& entry) {
  double width = 0;
  for (const std::string& line : entry.text.lines) {
    width = std::max(width, text_width(line, kTextSize));
  }
  return kSample + kSampleGap + width;
}

// Of `count` columns filled row by row.
std::vector<double> column_widths(const std::vector<LegendEntry>& entries, std::size_t count) {
  std::vector<double> widths(count);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    widths[i % count] = std::max(widths[i % count], width_of(entries[i]));
  }
  return widths;
}

double total(const std::vector<double>& widths) {
  double sum = kBetween * static_cast<double>(widths.size() - 1);
  for (const double width : widths) sum += width;
  return sum;
}

// As few rows as fit, and then no more columns than these rows need.
std::vector<double> fitting_columns(const std::vector<LegendEntry>& entries, double width) {
  std::vector<double> widths;
  for (std::size_t rows = 1; rows <= entries.size(); ++rows) {
    widths = column_widths(entries, (entries.size() + rows - 1) / rows);
    if (total(widths) <= width) break;
  }
  return widths;
}

}  // namespace

std::vector<LegendEntry> lay_out_legend(const Figure& figure, double width, double& top) {
  const double room = width - 2 * kEdge;
  const double most = (room - kBetween) / 2 - kSample - kSampleGap;  // so that two fit in a row
  std::vector<LegendEntry> entries;
  for (const LegendName& name : legend_names(figure)) {
    std::vector<std::string> lines = fit_lines(name.name, most, kTextSize);
    entries.push_back({name.name, name.baseline, {std::move(lines), 0, 0, kLine}});
  }
  if (entries.empty()) return entries;
  const std::vector<double> widths = fitting_columns(entries, room);
  for (std::size_t first = 0; first < entries.size(); first += widths.size()) {
    double x = (width - total(widths)) / 2;
    std::size_t lines = 1;
    for (std::size_t i = first; i < std::min(first + widths.size(), entries.size()); ++i) {
      entries[i].text.x = x + kSample + kSampleGap;
      entries[i].text.y = top + kTextSize;
      x += widths[i - first] + kBetween;
      lines = std::max(lines, entries[i].text.lines.size());
    }
    top += kLine * static_cast<double>(lines) + 2;
  }
  return entries;
}

}  // namespace pollard

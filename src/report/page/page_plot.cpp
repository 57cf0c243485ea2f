#include "report/page/page_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "report/axes.h"
#include "report/measures.h"
#include "report/values.h"

namespace pollard {
namespace {

constexpr double kWidth = 860, kHeight = 400, kLeft = 56, kRight = 16, kTop = 14, kBottom = 46;
constexpr std::size_t kColours = 8;

struct Spot {
  double x, y, low, high;
  const ResultGroup* group;
};

struct Line {
  std::size_t colour;
  std::vector<Spot> spots;
};

std::string px(double value) { return fmt::format("{:.1f}", value); }

/// Values of the colouring key in order, each with the number of its colour.
std::map<std::string, std::size_t> colours_of(const PageView& view) {
  std::vector<std::string> values;
  for (const ResultGroup& group : view.groups) values.push_back(setting_of(group, view.colour));
  std::ranges::sort(values, value_before);
  std::map<std::string, std::size_t> colours;
  for (const std::string& value : values) colours.try_emplace(value, colours.size());
  return colours;
}

std::vector<Line> lines_of(const PageView& view) {
  const std::vector<std::string> driving = driving_keys(view.x);
  const double scale = measure_scale(view.x);
  const auto colours = colours_of(view);
  std::map<Settings, Line> lines;
  for (const ResultGroup& group : view.groups) {
    const Summary *x = group.find(view.x), *y = group.find("top1");
    if (x == nullptr || y == nullptr) continue;
    Settings name = group.settings;
    for (const std::string& key : driving) name.erase(key);
    Line& line = lines[name];
    line.colour = colours.at(setting_of(group, view.colour));
    line.spots.push_back({scale * x->mean, y->mean, y->min, y->max, &group});
  }
  std::vector<Line> ordered;
  for (auto& [name, line] : lines) {
    std::ranges::stable_sort(line.spots, {}, &Spot::x);
    ordered.push_back(std::move(line));
  }
  return ordered;
}

Axis axis_over(const std::vector<Line>& lines, double Spot::*low, double Spot::*high, double from,
               double to, int ticks) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const Line& line : lines) {
    for (const Spot& spot : line.spots) {
      least = std::min(least, spot.*low);
      most = std::max(most, spot.*high);
    }
  }
  return {least, most, from, to, ticks, false, true};
}

void draw_axes(std::string& svg, const PageView& view, const Axis& x, const Axis& y) {
  const double bottom = kHeight - kBottom, right = kWidth - kRight;
  for (const double tick : y.ticks()) {
    svg += fmt::format("<line class=\"grid\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>", px(kLeft),
                       px(y.position(tick)), px(right), px(y.position(tick)));
    svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n", px(kLeft - 8),
                       px(y.position(tick) + 4), tick_text(tick));
  }
  for (const double tick : x.ticks()) {
    svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                       px(x.position(tick)), px(bottom + 18), tick_text(tick));
  }
  svg += fmt::format("<line class=\"axis\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n", px(kLeft),
                     px(bottom), px(right), px(bottom));
  svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                     px((kLeft + right) / 2), px(kHeight - 8), escape(measure_axis(view.x)));
  svg += fmt::format(
      "<text transform=\"translate(14 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
      px((kTop + bottom) / 2), escape(measure_axis("top1")));
}

std::string spot_text(const PageView& view, const ResultGroup& group) {
  std::string text = "top1 % " + summary_text("top1", group.find("top1"));
  for (const std::string& key : view.keys) {
    if (const std::string& value = setting_of(group, key); !value.empty())
      text += fmt::format("\n{} = {}", key, value);
  }
  return text;
}

void draw_line(std::string& svg, const PageView& view, const Line& line, const Axis& x,
               const Axis& y) {
  const std::size_t colour = line.colour % kColours;
  std::string path;
  for (const Spot& spot : line.spots)
    path += fmt::format("{}{} {}", path.empty() ? "M" : "L", px(x.position(spot.x)),
                        px(y.position(spot.y)));
  svg += fmt::format("<path class=\"line c{}\" d=\"{}\"/>\n", colour, path);
  for (const Spot& spot : line.spots) {
    const std::string at = px(x.position(spot.x));
    if (spot.high > spot.low) {
      svg += fmt::format("<line class=\"whisker c{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
                         colour, at, px(y.position(spot.low)), at, px(y.position(spot.high)));
    }
    svg += fmt::format(
        "<circle class=\"mark c{}\" cx=\"{}\" cy=\"{}\" r=\"3.5\"><title>{}</title>"
        "</circle>\n",
        colour, at, px(y.position(spot.y)), escape(spot_text(view, *spot.group)));
  }
}

std::string legend(const PageView& view) {
  if (view.colour.empty()) return {};
  std::string html = fmt::format("<p class=\"legend\"><span>{}</span>\n", escape(view.colour));
  std::vector<std::string> names(colours_of(view).size());
  for (const auto& [name, colour] : colours_of(view)) names[colour] = name;
  for (std::size_t i = 0; i < names.size(); ++i) {
    html += fmt::format("<span><i class=\"swatch b{}\"></i>{}</span>\n", i % kColours,
                        escape(names[i].empty() ? std::string(kDash) : names[i]));
  }
  return html + "</p>\n";
}

}  // namespace

std::string page_plot(const PageView& view) {
  const std::vector<Line> lines = lines_of(view);
  if (lines.empty()) return {};
  const Axis x = axis_over(lines, &Spot::x, &Spot::x, kLeft + 8, kWidth - kRight - 8, 10);
  const Axis y = axis_over(lines, &Spot::low, &Spot::high, kHeight - kBottom, kTop, 6);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" viewBox=\"0 0 {} {}\" "
      "aria-labelledby=\"static-title static-desc\">\n<title id=\"static-title\">{} over "
      "{}</title>\n"
      "<desc id=\"static-desc\">Means over seeds, with whiskers from the lowest to the highest; "
      "the "
      "table of results has the numbers.</desc>\n",
      kWidth, kHeight, escape(measure_header("top1")), escape(measure_header(view.x)));
  draw_axes(svg, view, x, y);
  for (const Line& line : lines) draw_line(svg, view, line, x, y);
  return legend(view) + svg + "</svg>\n";
}

}  // namespace pollard

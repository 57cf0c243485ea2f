#include "report/figure_panel.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "report/svg.h"
#include "report/svg_text.h"
#include "report/values.h"

namespace pollard {
namespace {

constexpr double kApart = 9;  // pixels between markers on steps, which may be many

std::string segment(double x1, double y1, double x2, double y2, std::string_view color,
                    double width) {
  return fmt::format(
      "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>\n", px(x1),
      px(y1), px(x2), px(y2), color, width);
}

std::string word(double x, double y, std::string_view anchor, std::string_view text) {
  return draw_block({{std::string(text)}, x, y, 0}, anchor, kTickSize);
}

std::string draw_axes(const PanelLayout& place) {
  constexpr std::string_view kGrid = "#e8e8e8";
  std::string grid, axes;
  for (const Tick& tick : place.x_ticks) {
    grid += segment(tick.at, place.top, tick.at, place.bottom, kGrid, 0.7);
    axes += segment(tick.at, place.bottom, tick.at, place.bottom + 4, kInk, 0.8);
    if (!tick.text.empty()) axes += word(tick.at, place.bottom + 7 + 8, "middle", tick.text);
  }
  for (const Tick& tick : place.y_ticks) {
    grid += segment(place.left, tick.at, place.right, tick.at, kGrid, 0.7);
    axes += segment(place.left - 4, tick.at, place.left, tick.at, kInk, 0.8);
    axes += word(place.left - 7, tick.at + 3.6, "end", tick.text);
  }
  axes += fmt::format(
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{}\" "
      "stroke-width=\"0.8\"/>\n",
      px(place.left), px(place.top), px(place.right - place.left), px(place.bottom - place.top),
      kInk);
  return grid + axes;
}

std::string draw_words(const PanelLayout& place) {
  std::string text = draw_block(place.title, "middle", kTextSize, " font-weight=\"bold\"");
  text += draw_block(place.x_label, "middle", kTextSize);
  for (std::size_t i = 0; i < place.y_label.lines.size(); ++i) {  // turned, they go to the right
    const double x = place.y_label.x + place.y_label.line_height * static_cast<double>(i);
    const Block line{{place.y_label.lines[i]}, x, place.y_label.y, 0};
    text += draw_block(line, "middle", kTextSize,
                       fmt::format(" transform=\"rotate(-90 {} {})\"", px(x), px(line.y)));
  }
  return text;
}

// A line in pixels, its band's edges with it.
struct Stroke {
  LineForm form;
  LineLook look;
  std::vector<Point> spots, line, low, high;
  bool band;  // low and high differ somewhere
};

// The corners of a line through the spots, whose heights `y_of` takes from them.
template <typename Height>
std::vector<Point> corners(const std::vector<Spot>& spots, LineForm form, const Axis& x,
                           const PanelLayout& place, Height y_of) {
  if (form == LineForm::Baseline) {
    return {{place.left, y_of(spots[0])}, {place.right, y_of(spots[0])}};
  }
  std::vector<Point> points;
  for (const Spot& spot : spots) {
    const Point here{x.position(spot.x), y_of(spot)};
    if (form == LineForm::Steps && !points.empty()) points.push_back({here.x, points.back().y});
    points.push_back(here);
  }
  if (form == LineForm::Steps) points.push_back({place.right, points.back().y});
  return points;
}

Stroke stroke_of(const Panel& panel, const FigureLine& line, const std::vector<Spot>& spots,
                 const PanelLayout& place, const LineLook& look) {
  const Axis x = x_axis(panel, place.ranges, place.left, place.right, 5);
  const Axis y = y_axis(place.ranges, place.bottom, place.top);
  const auto through = [&](double Spot::*height) {
    return corners(spots, line.form, x, place,
                   [&](const Spot& spot) { return y.position(spot.*height); });
  };
  Stroke stroke{line.form, look, {}, through(&Spot::y), through(&Spot::low), through(&Spot::high),
                false};
  for (const Spot& spot : spots) {
    stroke.spots.push_back({x.position(spot.x), y.position(spot.y)});
    stroke.band = stroke.band || spot.low < spot.high;
  }
  return stroke;
}

void append(std::string& path, Point point) {
  path += fmt::format("{}{} {}", path.empty() ? "M" : "L", px(point.x), px(point.y));
}

// A single spot's band has no width: a bar with ends.
std::string draw_bar(const Stroke& stroke) {
  const Point low = stroke.low[0], high = stroke.high[0];
  return segment(low.x, low.y, high.x, high.y, stroke.look.color, 1) +
         segment(low.x - 3, low.y, low.x + 3, low.y, stroke.look.color, 1) +
         segment(low.x - 3, high.y, low.x + 3, high.y, stroke.look.color, 1);
}

std::string draw_band(const Stroke& stroke) {
  if (!stroke.band) return {};
  if (stroke.line.size() == 1) return draw_bar(stroke);
  std::string path;
  for (const Point point : stroke.high) append(path, point);
  for (std::size_t i = stroke.low.size(); i-- > 0;) append(path, stroke.low[i]);
  return fmt::format("<path d=\"{}Z\" fill=\"{}\" fill-opacity=\"0.16\" stroke=\"none\"/>\n", path,
                     stroke.look.color);
}

std::string draw_line(const Stroke& stroke) {
  if (stroke.line.size() < 2) return {};
  std::string path;
  for (const Point point : stroke.line) append(path, point);
  const bool baseline = stroke.form == LineForm::Baseline;
  const std::string_view dashes = baseline ? stroke.look.baseline : stroke.look.dashes;
  const std::string dashed = dashes.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", dashes);
  return fmt::format(
      "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" "
      "stroke-linejoin=\"round\"{}/>\n",
      path, stroke.look.color, kLineWidth, dashed);
}

// Whole ones only: none on spots beyond the axes.
std::string draw_markers(const Stroke& stroke, const PanelLayout& place) {
  std::string markers;
  if (stroke.form == LineForm::Baseline) return markers;
  double last = -std::numeric_limits<double>::infinity();
  for (const Point spot : stroke.spots) {
    if (spot.y < place.top - 0.1 || spot.y > place.bottom + 0.1) continue;
    if (stroke.form == LineForm::Steps && spot.x - last < kApart) continue;
    last = spot.x;
    markers += marker_at(stroke.look, spot.x, spot.y);
  }
  return markers;
}

// Bands below all lines, markers above.
std::string draw_strokes(const std::vector<Stroke>& strokes, const PanelLayout& place,
                         std::string_view clip) {
  std::string bands, lines, markers;
  for (const Stroke& stroke : strokes) {
    bands += draw_band(stroke);
    lines += draw_line(stroke);
    markers += draw_markers(stroke, place);
  }
  if (clip.empty()) return bands + lines + markers;
  return fmt::format(
      "<clipPath id=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n"
      "<g clip-path=\"url(#{})\">\n{}</g>\n{}",
      clip, px(place.left), px(place.top), px(place.right - place.left),
      px(place.bottom - place.top), clip, bands + lines, markers);
}

}  // namespace

std::string draw_block(const Block& block, std::string_view anchor, double size,
                       std::string_view extra) {
  std::string text;
  double y = block.y;
  for (const std::string& line : block.lines) {
    text += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"{}\" font-size=\"{}\" fill=\"{}\"{}>{}</text>\n",
        px(block.x), px(y), anchor, size, kInk, extra, escape(line));
    y += block.line_height;
  }
  return text;
}

std::string draw_panel(const Panel& panel, const PanelLayout& place,
                       const std::map<std::string, LineLook>& looks, std::string_view clip) {
  std::string text = "<g>\n" + draw_axes(place) + draw_words(place);
  if (place.ranges.empty) {
    text += draw_block({{"no data"}, place.title.x, place.y_label.y + 4, 0}, "middle", kTextSize);
    return text + "</g>\n";
  }
  std::vector<Stroke> strokes;
  for (const FigureLine& line : panel.lines) {
    const std::vector<Spot> spots = drawn_spots(panel, line);
    if (spots.empty()) continue;
    strokes.push_back(stroke_of(panel, line, spots, place, looks.at(line.name)));
  }
  const bool cut = panel.low_y || panel.high_y;
  return text + draw_strokes(strokes, place, cut ? clip : "") + "</g>\n";
}

}  // namespace pollard

#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>

#include "report/axes.h"
#include "report/svg_text.h"
#include "report/values.h"

namespace pollard {
namespace {

constexpr double kWidth = 760, kHeight = 300;
constexpr double kLeft = 62, kRight = 14, kTop = 44, kBottom = 44;
constexpr double kLabel = 11;  // size of all words
constexpr double kBarHeight = 19;
constexpr std::size_t kColors = 4;

constexpr std::string_view kStyle = R"(<style>
.pc{font:11px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:currentColor}
.pc .grid{stroke:currentColor;stroke-opacity:.13}
.pc .axis{stroke:currentColor;stroke-opacity:.5}
.pc .stage{stroke:currentColor;stroke-opacity:.45;stroke-dasharray:2 3}
.pc .soft{fill-opacity:.72}
.pc .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.pc .dashed{stroke-dasharray:6 4}
.pc .faint{stroke-width:1;stroke-opacity:.35}
.pc .guide{stroke:currentColor;stroke-opacity:.5;stroke-width:1.2;stroke-dasharray:6 4}
.pc .bar{stroke:none}
.pc .c0{stroke:#0b62b8}.pc .c1{stroke:#c2500a}.pc .c2{stroke:#0a7d5a}.pc .c3{stroke:#9b3f8f}
.pc .f0{fill:#0b62b8}.pc .f1{fill:#c2500a}.pc .f2{fill:#0a7d5a}.pc .f3{fill:#9b3f8f}
@media (prefers-color-scheme:dark){
.pc .c0{stroke:#6db3f2}.pc .c1{stroke:#f0a05a}.pc .c2{stroke:#55c9a0}.pc .c3{stroke:#dc93d2}
.pc .f0{fill:#6db3f2}.pc .f1{fill:#f0a05a}.pc .f2{fill:#55c9a0}.pc .f3{fill:#dc93d2}
}
</style>
)";

double label_width(std::string_view text) { return text_width(text, kLabel); }

class Svg {
 public:
  Svg(double width, double height, std::string_view id, std::string_view title,
      std::string_view description) {
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"pc\" role=\"img\" viewBox=\"0 0 {} {}\" "
        "width=\"{}\" height=\"{}\" aria-labelledby=\"{}-title {}-desc\">\n",
        px(width), px(height), px(width), px(height), escape(id), escape(id));
    add("<title id=\"{}-title\">{}</title>\n", escape(id), escape(title));
    add("<desc id=\"{}-desc\">{}</desc>\n", escape(id), escape(description));
    text_ += kStyle;
  }

  void line(double x1, double y1, double x2, double y2, std::string_view classes) {
    add("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", px(x1), px(y1), px(x2),
        px(y2), classes);
  }
  void words(double x, double y, std::string_view anchor, std::string_view what,
             std::string_view extra = "class=\"soft\"") {
    add("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\" {}>{}</text>\n", px(x), px(y), anchor, extra,
        escape(what));
  }
  template <typename... Parts>
  void add(fmt::format_string<Parts...> format, Parts&&... parts) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
  }
  [[nodiscard]] std::string finish() && { return std::move(text_) + "</svg>\n"; }

 private:
  std::string text_;
};

bool drawable(const LineChart& chart, Point point) {
  return std::isfinite(point.x) && std::isfinite(point.y) && (!chart.log_x || point.x > 0) &&
         (!chart.log_y || point.y > 0);
}

struct Bounds {
  double low_x = std::numeric_limits<double>::infinity(), high_x = -low_x;
  double low_y = std::numeric_limits<double>::infinity(), high_y = -low_y;
};

Bounds bounds_of(const LineChart& chart) {
  Bounds bounds;
  for (const Series& series : chart.series) {
    for (const auto& piece : series.pieces) {
      for (const Point point : piece) {
        if (!drawable(chart, point)) continue;
        bounds.low_x = std::min(bounds.low_x, point.x);
        bounds.high_x = std::max(bounds.high_x, point.x);
        bounds.low_y = std::min(bounds.low_y, point.y);
        bounds.high_y = std::max(bounds.high_y, point.y);
      }
    }
  }
  for (const Separator& separator : chart.separators) {
    bounds.low_x = std::min(bounds.low_x, separator.x);
    bounds.high_x = std::max(bounds.high_x, separator.x);
  }
  if (bounds.low_y > bounds.high_y) {  // nothing to draw
    const auto low = [](bool logarithmic) { return logarithmic ? 0.1 : 0.0; };
    bounds = {std::min(bounds.low_x, low(chart.log_x)), std::max(bounds.high_x, 1.0),
              low(chart.log_y), 1};
  }
  return bounds;
}

void draw_axes(Svg& svg, const LineChart& chart, const Axis& x, const Axis& y) {
  const double bottom = kHeight - kBottom, right = kWidth - kRight;
  for (const double tick : y.ticks()) {
    svg.line(kLeft, y.position(tick), right, y.position(tick), "grid");
    svg.words(kLeft - 7, y.position(tick) + 4, "end", tick_text(tick));
  }
  for (const double tick : x.ticks()) {
    svg.line(x.position(tick), bottom, x.position(tick), bottom + 4, "axis");
    svg.words(x.position(tick), bottom + 17, "middle", tick_text(tick));
  }
  svg.line(kLeft, bottom, right, bottom, "axis");
  svg.words((kLeft + right) / 2, kHeight - 8, "middle", chart.x_label);
  const double middle = (kTop + bottom) / 2;
  svg.words(14, middle, "middle", chart.y_label,
            fmt::format("class=\"soft\" transform=\"rotate(-90 14 {})\"", px(middle)));
}

/// A label stands right of its line, where there is room before the next one.
void draw_separators(Svg& svg, const LineChart& chart, const Axis& x) {
  for (std::size_t i = 0; i < chart.separators.size(); ++i) {
    const Separator& separator = chart.separators[i];
    const double here = x.position(separator.x);
    const double next =
        i + 1 < chart.separators.size() ? x.position(chart.separators[i + 1].x) : kWidth - kRight;
    if (here > kLeft + 1) svg.line(here, kTop - 12, here, kHeight - kBottom, "stage");
    if (next - here >= label_width(separator.label) + 6) {
      svg.words(here + 4, kTop - 4, "start", separator.label);
    }
  }
}

std::string path_of(const LineChart& chart, const std::vector<Point>& piece, const Axis& x,
                    const Axis& y) {
  std::string path;
  for (const Point point : piece) {
    if (!drawable(chart, point)) continue;
    path += fmt::format("{}{} {}", path.empty() ? "M" : "L", px(x.position(point.x)),
                        px(y.position(point.y)));
  }
  return path;
}

std::size_t drawn_points(const LineChart& chart, const std::vector<Point>& piece) {
  return static_cast<std::size_t>(
      std::ranges::count_if(piece, [&](Point point) { return drawable(chart, point); }));
}

struct Pen {
  std::size_t color;
  std::string classes;  // of a line
};

std::vector<Pen> pens_of(const LineChart& chart) {
  std::vector<Pen> pens;
  std::size_t color = kColors - 1;
  for (const Series& series : chart.series) {
    if (series.style == LineStyle::Guide) {
      pens.push_back({color, "line guide"});
      continue;
    }
    if (series.style != LineStyle::Faint) color = (color + 1) % kColors;
    const std::string_view style = series.style == LineStyle::Dashed  ? " dashed"
                                   : series.style == LineStyle::Faint ? " faint"
                                                                      : "";
    pens.push_back({color, fmt::format("line c{}{}", color, style)});
  }
  return pens;
}

void draw_dots(Svg& svg, const LineChart& chart, const std::vector<Point>& piece, Pen pen,
               const Axis& x, const Axis& y) {
  for (const Point point : piece) {
    if (!drawable(chart, point)) continue;
    svg.add("<circle cx=\"{}\" cy=\"{}\" r=\"3\" class=\"f{}\" stroke=\"none\"/>\n",
            px(x.position(point.x)), px(y.position(point.y)), pen.color);
  }
}

void draw_series(Svg& svg, const LineChart& chart, const Series& series, Pen pen, const Axis& x,
                 const Axis& y) {
  for (const auto& piece : series.pieces) {
    const std::string path = path_of(chart, piece, x, y);
    if (path.empty()) continue;
    const bool line = drawn_points(chart, piece) > 1;
    if (line) svg.add("<path d=\"{}\" class=\"{}\"/>\n", path, pen.classes);
    const bool dots = chart.marks && series.style == LineStyle::Solid;
    if (!line || dots) draw_dots(svg, chart, piece, pen, x, y);
  }
}

void draw_piece_names(Svg& svg, const LineChart& chart, const Series& series, const Axis& x,
                      const Axis& y) {
  for (std::size_t i = 0; i < std::min(series.piece_names.size(), series.pieces.size()); ++i) {
    const std::vector<Point>& piece = series.pieces[i];
    if (piece.empty() || !drawable(chart, piece.back())) continue;
    svg.words(x.position(piece.back().x), y.position(piece.back().y) - 8, "end",
              series.piece_names[i]);
  }
}

void draw_legend(Svg& svg, const LineChart& chart, const std::vector<Pen>& pens) {
  double width = text_width(chart.title, kLabel, true) + 20;
  for (const Series& series : chart.series) width += label_width(series.name) + 42;
  const double y = width < kWidth - kRight ? 14 : 30;  // beside the title, or below it
  double right = kWidth - kRight;
  for (std::size_t i = chart.series.size(); i-- > 0;) {
    right -= label_width(chart.series[i].name);
    svg.words(right, y, "start", chart.series[i].name, "");
    svg.add("<path d=\"M{} {}L{} {}\" class=\"{}\"/>\n", px(right - 26), px(y - 4), px(right - 6),
            px(y - 4), pens[i].classes);
    right -= 42;
  }
}

}  // namespace

std::string line_chart(const LineChart& chart) {
  Svg svg(kWidth, kHeight, chart.id, chart.title, chart.description);
  const Bounds bounds = bounds_of(chart);
  const Axis x(bounds.low_x, bounds.high_x, kLeft, kWidth - kRight, 10, chart.log_x, chart.log_x);
  const Axis y(bounds.low_y, bounds.high_y, kHeight - kBottom, kTop, 5, chart.log_y, true);
  svg.words(4, 14, "start", chart.title, "font-weight=\"600\"");
  draw_axes(svg, chart, x, y);
  draw_separators(svg, chart, x);
  const std::vector<Pen> pens = pens_of(chart);
  for (const bool faint : {true, false}) {  // the pale ones lie below
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      if ((chart.series[i].style == LineStyle::Faint) != faint) continue;
      draw_series(svg, chart, chart.series[i], pens[i], x, y);
    }
  }
  for (const Series& series : chart.series) draw_piece_names(svg, chart, series, x, y);
  draw_legend(svg, chart, pens);
  return std::move(svg).finish();
}

std::string bar_chart(const BarChart& chart) {
  double labels = 0, texts = 0;
  for (const Bar& bar : chart.bars) {
    labels = std::max(labels, label_width(bar.label));
    texts = std::max(texts, label_width(bar.text));
  }
  const double left = std::min(labels + 12, kWidth / 2);
  const double right = std::max(kWidth - texts - 14, left + 80);
  const double top = 30, bottom = top + kBarHeight * static_cast<double>(chart.bars.size());
  Svg svg(kWidth, bottom + 26, chart.id, chart.title, chart.description);
  svg.words(4, 14, "start", chart.title, "font-weight=\"600\"");
  const Axis x(0, chart.maximum, left, right, 5, false, false);
  for (const double tick : x.ticks()) {
    svg.line(x.position(tick), top - 4, x.position(tick), bottom, "grid");
    svg.words(x.position(tick), bottom + 15, "middle", tick_text(tick));
  }
  double y = top;
  for (const Bar& bar : chart.bars) {
    const double value = std::clamp(bar.value, 0.0, chart.maximum);
    svg.words(left - 7, y + 12, "end", bar.label);
    svg.add("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"12\" rx=\"2\" class=\"bar f0\"/>\n",
            px(left), px(y + 2), px(x.position(value) - left));
    svg.words(right + 8, y + 12, "start", bar.text);
    y += kBarHeight;
  }
  svg.line(left, top - 4, left, bottom, "axis");
  return std::move(svg).finish();
}

}  // namespace pollard

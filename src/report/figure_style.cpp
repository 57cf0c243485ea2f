// The first seven colours are those of Okabe and Ito ("Color Universal Design", 2008), without
// their yellow, which is pale on paper; three dark ones follow. Any two of the ten differ by at
// least 18 (CIE 1976) to normal eyes and in simulated protanopia and deuteranopia.
#include "report/figure_style.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/figure_spots.h"
#include "report/svg.h"
#include "report/svg_text.h"

namespace pollard {
namespace {

constexpr std::array<std::string_view, 10> kColors = {"#0072b2", "#d55e00", "#009e73", "#e69f00",
                                                      "#8f1f5c", "#56b4e9", "#1a1a1a", "#cc79a7",
                                                      "#2a1a8a", "#6f4a2a"};
constexpr std::array<std::string_view, 4> kDashes = {"", "8 2 2 2", "3 2", "8 2 2 2 2 2"};
constexpr std::array<std::string_view, 4> kBaselines = {"6 4", "2 3", "9 3 2 3", "13 4"};

constexpr std::size_t kShapes = 6,
                      kMarkers = 11;  // with the hollow ones; 11 colours would repeat pairs
constexpr double kRadius = 3.1;

// The corners of a shape whose circle has the radius 1; none for the circle itself.
std::vector<Point> corners(std::size_t shape) {
  switch (shape) {
    case 1:
      return {{-0.88, -0.88}, {0.88, -0.88}, {0.88, 0.88}, {-0.88, 0.88}};
    case 2:
      return {{0, -1.2}, {1.1, 0.8}, {-1.1, 0.8}};
    case 3:
      return {{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}};
    case 4:
      return {{0, 1.2}, {1.1, -0.8}, {-1.1, -0.8}};
    case 5:  // a plus
      return {{-0.4, -1.2}, {0.4, -1.2}, {0.4, -0.4}, {1.2, -0.4}, {1.2, 0.4},   {0.4, 0.4},
              {0.4, 1.2},   {-0.4, 1.2}, {-0.4, 0.4}, {-1.2, 0.4}, {-1.2, -0.4}, {-0.4, -0.4}};
    default:
      return {};
  }
}

}  // namespace

std::map<std::string, LineLook> looks_of(const Figure& figure) {
  std::map<std::string, LineLook> looks;
  std::size_t baselines = 0;
  for (const Panel& panel : figure.panels) {
    for (const FigureLine& line : panel.lines) {
      const std::size_t i = looks.size();
      const LineLook look{kColors[i % kColors.size()], i % kMarkers,
                          kDashes[i / kColors.size() % kDashes.size()],
                          kBaselines[baselines % kBaselines.size()]};
      const bool fresh = looks.emplace(line.name, look).second;
      if (fresh && line.form == LineForm::Baseline) ++baselines;
    }
  }
  return looks;
}

std::vector<LegendName> legend_names(const Figure& figure) {
  std::vector<LegendName> names;
  for (const Panel& panel : figure.panels) {
    for (const FigureLine& line : panel.lines) {
      if (line.name.empty() || drawn_spots(panel, line).empty()) continue;
      const bool baseline = line.form == LineForm::Baseline;
      const auto known = std::ranges::find(names, line.name, &LegendName::name);
      if (known == names.end()) {
        names.push_back({line.name, baseline});
      } else {
        known->baseline = known->baseline && baseline;
      }
    }
  }
  return names;
}

// A hollow marker follows the solid ones of each shape. Its edge is inside, so that both are as
// large.
std::string marker_at(const LineLook& look, double x, double y) {
  const bool hollow = look.marker >= kShapes;
  const std::string paint =
      hollow ? fmt::format(R"(fill="#ffffff" stroke="{}" stroke-width="1.3")", look.color)
             : fmt::format(R"(fill="{}" stroke="#ffffff" stroke-width="0.6")", look.color);
  const double radius = hollow ? kRadius - 0.4 : kRadius;
  const std::vector<Point> shape = corners(look.marker % kShapes);
  if (shape.empty()) {
    return fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {}/>\n", px(x), px(y), px(radius),
                       paint);
  }
  std::string points;
  for (const Point corner : shape) {
    points += fmt::format("{}{},{}", points.empty() ? "" : " ", px(x + radius * corner.x),
                          px(y + radius * corner.y));
  }
  return fmt::format("<polygon points=\"{}\" {}/>\n", points, paint);
}

}  // namespace pollard

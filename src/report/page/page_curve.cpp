#include "report/page/page_curve.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "report/values.h"

namespace pollard {
namespace {

using nlohmann::json;

std::vector<Point> points_of(const std::map<double, double>& values) {
  std::vector<Point> points;
  for (const auto& [x, y] : values) points.push_back({x, y});
  return points;
}

double highest(const std::vector<Point>& points) {
  double high = 0;
  for (const Point point : points) high = std::max(high, std::abs(point.y));
  return high;
}

/// The point between the two that lies farthest, along y, from the line through them.
std::pair<std::size_t, double> farthest(const std::vector<Point>& points, std::size_t first,
                                        std::size_t last) {
  const Point a = points[first], b = points[last];
  std::pair<std::size_t, double> found{first, 0};
  for (std::size_t i = first + 1; i < last; ++i) {
    const double line = a.y + (b.y - a.y) * (points[i].x - a.x) / (b.x - a.x);
    const double off = std::abs(points[i].y - line);
    if (off > found.second) found = {i, off};
  }
  return found;
}

}  // namespace

std::vector<Point> thin_out(std::vector<Point> points, std::size_t most) {
  if (points.size() <= most) return points;
  std::vector<Point> kept;
  for (std::size_t i = 0; i < most; ++i) {
    // Rounded: equal steps but for one.
    kept.push_back(points[(i * (points.size() - 1) + (most - 1) / 2) / (most - 1)]);
  }
  return kept;
}

std::vector<Point> straighten(const std::vector<Point>& points, double tolerance) {
  if (points.size() < 3) return points;
  std::vector<bool> keep(points.size(), false);
  keep.front() = keep.back() = true;
  std::vector<std::pair<std::size_t, std::size_t>> pieces{{0, points.size() - 1}};
  while (!pieces.empty()) {
    const auto [first, last] = pieces.back();
    pieces.pop_back();
    const auto [middle, off] = farthest(points, first, last);
    if (off <= tolerance) continue;
    keep[middle] = true;
    pieces.emplace_back(first, middle);
    pieces.emplace_back(middle, last);
  }
  std::vector<Point> kept;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (keep[i]) kept.push_back(points[i]);
  }
  return kept;
}

StageCurve read_curve(std::string_view metrics, std::size_t most) {
  std::map<double, double> rates, top1s;  // what a resumed run wrote twice counts once
  while (!metrics.empty()) {
    const std::size_t end = std::min(metrics.find('\n'), metrics.size());
    const json line = json::parse(metrics.substr(0, end), nullptr, /*allow_exceptions=*/false);
    metrics.remove_prefix(std::min(end + 1, metrics.size()));
    const auto position = find_number(line, {"position"});
    if (!position) continue;
    if (const auto rate = find_number(line, {"lr"})) rates[*position] = *rate;
    if (const auto top1 = find_number(line, {"test/top1"})) top1s[*position] = *top1;
  }
  const std::vector<Point> rate = points_of(rates);
  return {thin_out(straighten(rate, 0.004 * highest(rate)), most),
          thin_out(points_of(top1s), most)};
}

}  // namespace pollard

#include <algorithm>
#include <map>
#include <vector>

#include "report/speed.h"
#include "report/speed_record.h"
#include "report/svg.h"

namespace pollard {

using nlohmann::json;

namespace {

// Sparsities are the same in all cases, so an allocation's lines end above one another: the highest
// has the name, where there are several.
void name_highest_only(std::vector<Series>& all) {
  std::map<std::string, double> highest;
  for (const Series& series : all) {
    for (std::size_t i = 0; i < series.pieces.size(); ++i) {
      double& y = highest[series.piece_names[i]];
      y = std::max(y, series.pieces[i].back().y);
    }
  }
  for (Series& series : all) {
    for (std::size_t i = 0; i < series.pieces.size(); ++i) {
      std::string& name = series.piece_names[i];
      if (highest.size() < 2 || series.pieces[i].back().y < highest[name]) name.clear();
    }
  }
}

}  // namespace

std::string speed_figure(const json& record) {
  LineChart chart{.id = "speed",
                  .title = "Speedup of " + find_text(record, {"model"}),
                  .description =
                      "Measured speedup over the best dense network against the "
                      "theoretical one, for each batch size and number of threads.",
                  .x_label = "theoretical speedup (multiply-adds)",
                  .y_label = "measured speedup",
                  .series = {},
                  .log_y = true,
                  .log_x = true,
                  .marks = true};
  double low = 1e30, high = 0;
  for (const json& one : find_list(record, "cases")) {
    std::map<std::string, std::vector<Point>> pieces;  // by allocation
    for (const json& entry : find_list(one, "sparse")) {
      const auto theory = theory_of(record, entry), speedup = find_number(entry, {"speedup"});
      if (!theory || !speedup) continue;
      pieces[find_text(network_of(record, entry), {"allocation"})].push_back({*theory, *speedup});
      low = std::min(low, *theory);
      high = std::max(high, *theory);
    }
    Series series{case_name(one), {}};
    for (auto& [allocation, points] : pieces) {
      std::ranges::sort(points, {}, &Point::x);
      series.pieces.push_back(std::move(points));
      series.piece_names.push_back(allocation);
    }
    chart.series.push_back(std::move(series));
  }
  name_highest_only(chart.series);
  if (high > 0)
    chart.series.push_back({"all of the theory", {{{low, low}, {high, high}}}, LineStyle::Guide});
  return line_chart(chart);
}

}  // namespace pollard

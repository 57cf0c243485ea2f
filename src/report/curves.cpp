#include "report/curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "report/stages.h"
#include "report/values.h"

namespace pollard {
namespace {

struct Run {
  const nlohmann::json& result;
  std::span<const nlohmann::json> metrics;
  std::vector<StageView> stages;
  std::vector<double> offsets;
};

/// Epochs done within the stage when the line was written.
std::optional<double> position_of(const nlohmann::json& line) {
  if (const auto position = find_number(line, {"position"})) return position;
  return find_text(line, {"event"}) == "epoch" ? find_number(line, {"epoch"}) : std::nullopt;
}

/// The values of `key` in the lines of one event ("" for any) and stage. A position that a resumed
/// run wrote twice counts once, as it was written last.
std::vector<Point> stage_points(const Run& run, std::size_t stage, std::string_view event,
                                std::string_view key) {
  std::map<double, double> points;
  for (const nlohmann::json& line : run.metrics) {
    if (find_number(line, {"stage"}) != static_cast<double>(stage)) continue;
    if (!event.empty() && find_text(line, {"event"}) != event) continue;
    const auto position = position_of(line);
    const auto value = find_number(line, {key});
    if (position && value) points[run.offsets[stage] + *position] = *value;
  }
  std::vector<Point> result;
  for (const auto& [x, y] : points) result.push_back({x, y});
  return result;
}

/// A piece for each stage.
Series by_stage(const Run& run, std::string name, std::string_view event, std::string_view key,
                LineStyle style) {
  Series series{std::move(name), {}, style};
  for (std::size_t stage = 0; stage < run.stages.size(); ++stage) {
    std::vector<Point> points = stage_points(run, stage, event, key);
    if (!points.empty()) series.pieces.push_back(std::move(points));
  }
  return series;
}

/// One line through all stages; what pruning did to the network stands as a drop where it happened.
Series through_prunings(const Run& run, std::string_view metrics_key, std::string_view result_key) {
  std::vector<Point> line;
  for (std::size_t stage = 0; stage < run.stages.size(); ++stage) {
    const std::vector<Point> points = stage_points(run, stage, "epoch", metrics_key);
    line.insert(line.end(), points.begin(), points.end());
    if (run.stages[stage].kind != "prune") continue;
    const auto after = find_number(*run.stages[stage].json, {"test", result_key});
    if (after && !line.empty()) line.push_back({run.offsets[stage], *after});
  }
  Series series{"test", {}, LineStyle::Solid};
  if (!line.empty()) series.pieces.push_back(std::move(line));
  return series;
}

std::vector<Separator> separators_of(const Run& run) {
  std::vector<Separator> separators;
  for (std::size_t i = 0; i < run.stages.size(); ++i) {
    if (run.offsets[i + 1] > run.offsets[i]) {
      separators.push_back({run.offsets[i], run.stages[i].mark});
    }
  }
  return separators;
}

/// Over two decades a linear axis hides the smaller one.
bool wants_log(const LineChart& chart) {
  double low = 0, high = 0;
  for (const Series& series : chart.series) {
    for (const auto& piece : series.pieces) {
      for (const Point point : piece) {
        if (point.y <= 0) return false;
        low = low == 0 ? point.y : std::min(low, point.y);
        high = std::max(high, point.y);
      }
    }
  }
  return high > 100 * low;
}

void drop_empty(std::vector<Series>& series) {
  std::erase_if(series, [](const Series& one) { return one.pieces.empty(); });
}

LineChart train_and_test(const Run& run, LineChart chart, std::string_view train_key,
                         std::string_view test_key, std::string_view result_key) {
  chart.series.push_back(by_stage(run, "train", "epoch", train_key, LineStyle::Solid));
  chart.series.push_back(by_stage(run, "train, by step", "step", train_key, LineStyle::Faint));
  if (chart.series[0].pieces.empty()) chart.series[1].style = LineStyle::Solid;
  chart.series.push_back(through_prunings(run, test_key, result_key));
  drop_empty(chart.series);
  chart.separators = separators_of(run);
  return chart;
}

}  // namespace

std::vector<LineChart> training_charts(const nlohmann::json& result,
                                       std::span<const nlohmann::json> metrics) {
  const Run run{result, metrics, view_stages(result), stage_offsets(result, metrics)};
  LineChart loss = train_and_test(run,
                                  {"loss",
                                   "Loss",
                                   "Training and test loss over the epochs of all stages.",
                                   "epochs",
                                   "loss",
                                   {}},
                                  "train/loss", "test/loss", "loss");
  loss.log_y = wants_log(loss);
  if (loss.log_y) loss.y_label = "loss (logarithmic)";
  LineChart accuracy = train_and_test(run,
                                      {"accuracy",
                                       "Accuracy",
                                       "Training and test top-1 accuracy over all stages.",
                                       "epochs",
                                       "top-1 %",
                                       {}},
                                      "train/top1", "test/top1", "top1");
  LineChart rate{"rate",
                 "Learning rate",
                 "The learning rate over the epochs of all stages.",
                 "epochs",
                 "learning rate",
                 {by_stage(run, "learning rate", "", "lr", LineStyle::Solid)},
                 separators_of(run)};
  drop_empty(rate.series);
  std::vector<LineChart> charts;
  for (LineChart* chart : {&loss, &accuracy, &rate}) {
    if (!chart->series.empty()) charts.push_back(std::move(*chart));
  }
  return charts;
}

std::optional<BarChart> layer_chart(const nlohmann::json& result) {
  const std::vector<StageView> stages = view_stages(result);
  const auto last = std::find_if(stages.rbegin(), stages.rend(), [](const StageView& stage) {
    return stage.kind == "prune" && find_value(*stage.json, {"layers"}).is_array();
  });
  if (last == stages.rend()) return std::nullopt;
  BarChart chart{"layers",
                 "Sparsity by layer, %",
                 fmt::format("Sparsity of each layer's weights after {}.", last->mark),
                 {},
                 100};
  for (const nlohmann::json& layer : find_value(*last->json, {"layers"})) {
    const auto kept = find_number(layer, {"kept"}), of = find_number(layer, {"of"});
    if (!kept || !of || *of <= 0) continue;
    const double sparsity = 100 * (1 - *kept / *of);
    chart.bars.push_back(
        {find_text(layer, {"name"}), sparsity,
         fmt::format("{:.1f} %, kept {} of {}", sparsity, grouped(kept), grouped(of))});
  }
  if (chart.bars.empty()) return std::nullopt;
  return chart;
}

}  // namespace pollard

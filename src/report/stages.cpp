#include "report/stages.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/values.h"

namespace pollard {
namespace {

const nlohmann::json& stages_of(const nlohmann::json& result) {
  static const nlohmann::json kNone = nlohmann::json::array();
  const nlohmann::json& stages = find_value(result, {"stages"});
  return stages.is_array() ? stages : kNone;
}

std::string trained_title(const nlohmann::json& stage) {
  const std::string method = find_text(stage, {"method"});
  return method.empty() || method == "dense" ? "dense" : fmt::format("trained ({})", method);
}

double longest_in_metrics(std::span<const nlohmann::json> metrics, std::size_t stage) {
  double epochs = 0;
  for (const nlohmann::json& line : metrics) {
    if (find_number(line, {"stage"}) != static_cast<double>(stage)) continue;
    epochs = std::max({epochs, find_number(line, {"epochs"}).value_or(0),
                       find_number(line, {"position"}).value_or(0)});
  }
  return epochs;
}

}  // namespace

std::vector<StageView> view_stages(const nlohmann::json& result) {
  const nlohmann::json& stages = stages_of(result);
  const auto is = [&](std::size_t i, std::string_view kind) {
    return i < stages.size() && find_text(stages[i], {"kind"}) == kind;
  };
  const auto retrained = [&](std::size_t i) {
    return is(i + 1, "retrain") || (is(i + 1, "recalibrate") && is(i + 2, "retrain"));
  };
  std::size_t cycles = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) cycles += is(i, "prune");

  std::vector<StageView> views;
  std::size_t cycle = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    cycle += is(i, "prune");
    const std::string number = cycles > 1 ? fmt::format(" {}", cycle) : std::string();
    const std::string kind = find_text(stages[i], {"kind"});
    StageView view{&stages[i], kind, kind.empty() ? fmt::format("stage {}", i + 1) : kind, kind};
    if (kind == "train") view.title = trained_title(stages[i]);
    if (kind == "prune") {
      view.title = "pruned" + number + (retrained(i) ? "" : " (not retrained)");
    }
    if (kind == "retrain") view.title = "retrained" + number;
    if (kind == "recalibrate") view.title = "batch norm recalibrated" + number;
    if (kind == "prune" || kind == "retrain") view.mark = fmt::format("{} {}", kind, cycle);
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<double> stage_offsets(const nlohmann::json& result,
                                  std::span<const nlohmann::json> metrics) {
  const nlohmann::json& stages = stages_of(result);
  std::vector<double> offsets{0};
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto epochs = find_number(stages[i], {"epochs"});
    offsets.push_back(offsets.back() + (epochs ? *epochs : longest_in_metrics(metrics, i)));
  }
  return offsets;
}

}  // namespace pollard

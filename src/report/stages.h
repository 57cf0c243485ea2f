// The stages of a run as tables and charts see them: titles, and where each lies on the axis of
// epochs that all stages share.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace pollard {

struct StageView {
  const nlohmann::json* json;  // into the result
  std::string kind;            // "train", "prune", "retrain"
  std::string title;           // "dense", "pruned 2", "pruned (not retrained)"
  std::string mark;            // for charts: "train", "prune 2", "retrain 2"
};

/// In the order of result.json. Cycles are numbered in titles where there are several.
[[nodiscard]] std::vector<StageView> view_stages(const nlohmann::json& result);

/// Where each stage begins, in epochs: stages one after another; one more entry for the end. Epochs
/// come from the result, and where it has none from the metrics.
[[nodiscard]] std::vector<double> stage_offsets(const nlohmann::json& result,
                                                std::span<const nlohmann::json> metrics);

}  // namespace pollard

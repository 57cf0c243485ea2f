// The charts of a run: loss, accuracy and learning rate over all its epochs, and what each layer
// kept.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <vector>

#include "report/svg.h"

namespace pollard {

/// Of loss, accuracy and learning rate, those that the metrics hold numbers for.
[[nodiscard]] std::vector<LineChart> training_charts(const nlohmann::json& result,
                                                     std::span<const nlohmann::json> metrics);

/// Sparsity by layer, after the last prune stage that lists its layers.
[[nodiscard]] std::optional<BarChart> layer_chart(const nlohmann::json& result);

}  // namespace pollard

// result.json: the contract that programs read (docs/formats.md).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/parameters.h"
#include "experiment/engine_choice.h"
#include "experiment/stages.h"
#include "pollard/accounting.h"
#include "pollard/engine.h"
#include "pollard/schedule.h"

namespace pollard {

/// {"prunable", "model", "kept", "of"}
[[nodiscard]] nlohmann::json sparsity_json(const Sparsity& sparsity);

/// `engine`: the last that was chosen, where the method lets the engine change.
[[nodiscard]] nlohmann::json train_result(const Stage& stage, std::string_view method,
                                          const std::optional<EngineChoice>& engine, double seconds,
                                          const Meters& test);
[[nodiscard]] nlohmann::json import_result(const Stage& stage, std::string_view weights,
                                           double seconds, const Meters& test);
/// What chose the weights: "magnitude" and an allocation, or a method, whose allocation is its own.
struct PruneRule {
  std::string criterion, allocation;
};
/// `before`: top-1 in percent right before pruning; stability = after / before (methods.md 2.5).
[[nodiscard]] nlohmann::json prune_result(const Stage& stage, const PruneRule& rule,
                                          const Sparsity& sparsity, double seconds, double before,
                                          const Meters& test);
/// `before`: loss and accuracy with the statistics as they were.
[[nodiscard]] nlohmann::json recalibrate_result(const Stage& stage, std::int64_t batches,
                                                double seconds, const nlohmann::json& before,
                                                const Meters& test);
[[nodiscard]] nlohmann::json retrain_result(const Stage& stage, std::string_view schedule,
                                            const EngineChoice& engine, const Sparsity& sparsity,
                                            double seconds, const Meters& test);

/// The last of the stages that pruned; null where none did.
[[nodiscard]] const nlohmann::json* last_pruning(const nlohmann::json& stages);
/// What it took away, where that was measured: of the norm of all weights and biases, or of that of
/// the prunable weights.
[[nodiscard]] std::optional<PruneDrop> drop_of_pruning(const nlohmann::json& stages,
                                                       bool prunable_only);

/// "IMP+", "IMP", or the method of train.method.
[[nodiscard]] std::string procedure(const Config& config);
/// The results of stages that were evaluated on held-out images: "test" becomes "validation", and
/// the last stage gets `test`, where that is there.
[[nodiscard]] nlohmann::json as_validation(nlohmann::json stages, const nlohmann::json& test);

/// The whole file. `status`: done, interrupted or failed.
[[nodiscard]] nlohmann::json run_result(const Config& config, std::string_view status,
                                        const nlohmann::json& stages);

}  // namespace pollard

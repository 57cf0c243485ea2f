// result.json: the contract that programs read (docs/formats.md).
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "core/parameters.h"
#include "experiment/stages.h"
#include "pollard/accounting.h"
#include "pollard/engine.h"

namespace pollard {

/// {"prunable", "model", "kept", "of"}
[[nodiscard]] nlohmann::json sparsity_json(const Sparsity& sparsity);

[[nodiscard]] nlohmann::json train_result(const Stage& stage, std::string_view method,
                                          double seconds, const Meters& test);
[[nodiscard]] nlohmann::json import_result(const Stage& stage, std::string_view weights,
                                           double seconds, const Meters& test);
/// `before`: top-1 in percent right before pruning; stability = after / before (methods.md 2.5).
[[nodiscard]] nlohmann::json prune_result(const Stage& stage, std::string_view allocation,
                                          const Sparsity& sparsity, double seconds, double before,
                                          const Meters& test);
[[nodiscard]] nlohmann::json retrain_result(const Stage& stage, std::string_view schedule,
                                            const Sparsity& sparsity, double seconds,
                                            const Meters& test);

/// The whole file. `status`: done, interrupted or failed.
[[nodiscard]] nlohmann::json run_result(const Config& config, std::string_view status,
                                        const nlohmann::json& stages);

}  // namespace pollard

// report.html: one page with everything about a run that opens offline.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

namespace pollard {

/// `result` is result.json, `metrics` the lines of metrics.jsonl, `environment` environment.json.
/// Whatever they lack is left out or reads as a dash; all text is escaped; nothing is loaded from
/// elsewhere.
[[nodiscard]] std::string render_report(const nlohmann::json& result,
                                        std::span<const nlohmann::json> metrics,
                                        const std::string& config_toml,
                                        const nlohmann::json& environment);

}  // namespace pollard

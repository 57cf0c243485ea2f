// What is known of a finished stage: stage.json in its folder of the store.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace pollard {

/// Settings as TOML and overrides write their values: {"prune.sparsity": "0.9", "seed": "1"}.
using Settings = std::map<std::string, std::string>;

struct StageRecord {
  std::string id, parent;       // 32 hexadecimal digits; the first of a chain has parent ""
  std::string kind, label;      // "retrain", "retrain 2/3"
  Settings settings;            // all that shaped it and the stages before it, defaults too
  nlohmann::json result;        // as an entry of "stages" in result.json
  nlohmann::json environment;   // as in environment.json
  std::string series;           // equal for retrainings that differ in length alone; "" for others
  std::int64_t epochs = 0;      // of its training; 0 for stages that do not train
  std::int64_t first_step = 0;  // steps of the stages before
  std::int64_t steps = 0;       // its own
};

[[nodiscard]] std::string encode(const StageRecord& record);
/// Throws Error{Input} naming `origin` for anything else than what encode() wrote.
[[nodiscard]] StageRecord decode_stage(std::string_view text, std::string_view origin);

}  // namespace pollard

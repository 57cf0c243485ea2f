// Where a run stands, as the JSON inside its checkpoints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "experiment/engine_choice.h"
#include "train/loop.h"

namespace pollard {

struct ProgressRecord {
  std::vector<std::string> stage_ids;  // of the whole chain
  std::size_t stage = 0;               // the one under way; stage_ids.size() when all are done
  LoopPosition loop;                   // within it
  nlohmann::json results = nlohmann::json::array();  // of the finished ones, as in result.json
  std::int64_t first_step = 0;                       // steps of the finished ones
  std::int64_t metrics_size = 0, events_size = 0;
  std::int64_t stage_metrics = 0;  // where those of the stage under way begin
  int threads = 0;
  int processes = 1;
  std::optional<EngineChoice> engine;  // of the stage under way, once chosen
};

[[nodiscard]] std::string encode(const ProgressRecord& record);
/// Throws Error{Input} for anything else than what encode() wrote.
[[nodiscard]] ProgressRecord decode_progress(const std::string& text);

/// What a run is that would go on from a record.
struct RunIdentity {
  std::filesystem::path folder;
  std::vector<std::string> stage_ids;
  std::size_t wanted = 0;  // how many of them it is to finish
  int threads = 0;
  int processes = 1;
};
/// Throws Error{Config} saying what differs, where the run would not end as the one that wrote the
/// record.
void require_same_run(const ProgressRecord& record, const RunIdentity& run);

}  // namespace pollard

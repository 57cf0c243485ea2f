// Between a run and the store: finished stages go in, and what the store has of a chain comes out.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/engine_choice.h"
#include "experiment/stages.h"
#include "experiment/store/store.h"
#include "train/checkpoint.h"

namespace pollard {

/// How far the store has a chain.
struct Reach {
  std::size_t stages = 0;   // finished ones
  std::string id;           // whose state that is
  std::int64_t epochs = 0;  // of the next stage, where a shorter one of its kind was found
};
/// Nothing where the store has none of them, or their states no more.
[[nodiscard]] std::optional<Reach> furthest(const Store& store, std::span<const Stage> stages);

/// What a run needs in order to go on from there.
struct StoredState {
  Checkpoint tensors;      // weights, velocity and masks
  nlohmann::json results;  // of the finished stages; "test" is what epochs were evaluated on
  std::vector<std::string> metrics;  // their metrics.jsonl, one text a stage
  std::vector<std::int64_t> steps;   // of each
  // Of the next stage, where a shorter one was found.
  std::string partial_metrics;
  double partial_seconds = 0;
  std::optional<EngineChoice> engine;
};
/// Throws Error{Io} or Error{Input} naming what is missing or damaged.
[[nodiscard]] StoredState take_stages(const Store& store, const Reach& reach);

/// A stage that a run has finished, for the store. `test`: on the test set, where epochs were
/// evaluated on held-out images; null where `result` has it.
struct FinishedStage {
  StageRecord record;
  nlohmann::json test;
  std::string_view metrics;
  const Checkpoint& tensors;
};
/// Does nothing where the store does not have the stage before it.
void put_stage(const Store& store, FinishedStage stage);

}  // namespace pollard

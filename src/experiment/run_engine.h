// The engine of a run, and which one it is (docs/engines.md): retrain.engine says so for a
// retraining, train.engine for a training whose method masks as it goes. Between them it is torch.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/parameters.h"
#include "exec/replaceable_engine.h"
#include "experiment/engine_choice.h"
#include "experiment/team.h"
#include "pollard/batches.h"
#include "pollard/masks.h"
#include "pollard/progress.h"

namespace pollard {

/// All processes of the run call the same functions together. A loader that engines were measured
/// with must be started again.
class RunEngine {
 public:
  /// References outlive it.
  RunEngine(const Config& config, const Graph& graph, const Team& team, Progress& progress);

  [[nodiscard]] Engine& operator*() { return engine_; }
  [[nodiscard]] const Engine* operator->() const { return &engine_; }
  [[nodiscard]] Engine* operator->() { return &engine_; }

  /// Whether the setting ("retrain.engine") leaves the choice to a measurement, which is to be
  /// saved at once, so that it is not made anew after a kill.
  [[nodiscard]] bool measures(std::string_view setting) const;
  /// For a retraining that begins.
  [[nodiscard]] EngineChoice choose(const MaskSet& masks, BatchLoader& train);
  /// For a training after an epoch, whose method has set masks: the new choice, which is in force;
  /// none where it stays as it was.
  [[nodiscard]] std::optional<EngineChoice> choose_again(const std::optional<EngineChoice>& before,
                                                         BatchLoader& train);

  /// The engine of this name takes over, if it is another one.
  void take(std::string_view name, const MaskSet& masks);

  /// Says what was chosen and why.
  void tell(std::string_view label, const EngineChoice& choice) const;
  /// Warns where a stage goes on with another engine than the setting names now.
  void tell_kept(std::string_view label, std::string_view setting,
                 const EngineChoice& choice) const;

 private:
  [[nodiscard]] EngineChoice choose_by(std::string_view setting, const MaskSet& masks,
                                       BatchLoader& train);

  const Config& config_;
  const Team& team_;
  Progress& progress_;
  ReplaceableEngine engine_;  // methods and loops hold it
};

}  // namespace pollard

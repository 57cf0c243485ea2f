// Which engine retrains (retrain.engine), and goes on with a training whose method masks as it
// goes (train.engine). `auto` lets both take a few steps in turns, on copies of the present state,
// and takes the faster; the run itself is as if nothing had been measured.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/parameters.h"
#include "pollard/batches.h"
#include "pollard/engine.h"
#include "pollard/masks.h"

namespace pollard {

/// Of one training or retraining. Kept in its checkpoints, since the engines differ in the last
/// bits: a resumed stage goes on with the engine that it began with, whatever a clock would say
/// now.
struct EngineChoice {
  std::string name = "torch";          // or "sparse"
  double torch_ms = 0, sparse_ms = 0;  // medians of a step; 0 where nothing was measured
  std::string reason = {};             // why nothing was, though auto was asked for
  std::int64_t kept = 0;               // weights that were left when it was made
};

/// "torch engine: 151.2 ms a step, sparse 160.3 ms"; "" where there was no choice.
[[nodiscard]] std::string describe(const EngineChoice& choice);

/// Throws Error{Config} where retrain.engine=sparse or train.engine=sparse cannot be had.
void check_engine(const Config& config, const Graph& graph);

/// asked: auto, torch or sparse. `engine` keeps its state; `train` must be started again
/// afterwards.
[[nodiscard]] EngineChoice choose_engine(std::string_view asked, const Config& config,
                                         const Engine& engine, const MaskSet& masks,
                                         BatchLoader& train);

/// Whether a training that goes on with `masks` after `before` was chosen is to choose again. The
/// sparse engine stays, for masks only grow; else once a fifth of the weights left then is gone.
[[nodiscard]] bool is_to_choose_again(const EngineChoice& before, const MaskSet& masks);

/// An engine of the name with the state of `from`.
[[nodiscard]] std::unique_ptr<Engine> engine_like(std::string_view name, const Config& config,
                                                  const Engine& from, const MaskSet& masks);

}  // namespace pollard

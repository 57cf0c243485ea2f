// A run as a chain of stages, each with an identity: the hash of its own effective settings and its
// parent's id. Equal ids mean equal work.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/parameters.h"
#include "pollard/graph.h"

namespace pollard {

enum class StageKind { Train, Import, Prune, Retrain };
[[nodiscard]] std::string_view stage_name(StageKind kind);

struct Stage {
  StageKind kind = StageKind::Train;
  std::string id = {};      // 32 hexadecimal digits
  std::int64_t cycle = 0;   // of Prune and Retrain, from 1
  std::int64_t epochs = 0;  // of Train and Retrain
  double sparsity = 0;      // Prune: asked for, after this cycle
  std::int64_t kept = 0;    // Prune: weights left, of `of`
  std::int64_t of = 0;
  std::string label = {};  // "train", "prune", "retrain 2/3" ...
};

/// Which part of the chain a verb runs.
enum class ChainKind {
  Whole,         // train or import, then prune and retrain
  TrainOnly,     // train
  PruneImport,   // import, then prune and retrain
  RetrainImport  // import with the zeros of the weights as masks, then retrain
};

/// `weights_hash`: the content of the file that `weights` names ("" without one).
/// Throws Error{Config} where the chain needs weights= and there is none, or cannot use it.
[[nodiscard]] std::vector<Stage> plan_stages(const Config& config, const Graph& graph,
                                             ChainKind chain, std::string_view weights_hash);

}  // namespace pollard

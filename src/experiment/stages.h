// A run as a chain of stages, each with an identity: the hash of its own effective settings and its
// parent's id. Equal ids mean equal work.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/parameters.h"
#include "experiment/store/configuration.h"
#include "pollard/graph.h"

namespace pollard {

enum class StageKind { Train, Import, Prune, Retrain, Recalibrate };
[[nodiscard]] std::string_view stage_name(StageKind kind);

struct Stage {
  StageKind kind = StageKind::Train;
  std::string id = {};      // 32 hexadecimal digits
  std::int64_t cycle = 0;   // of all but Train and Import, from 1
  std::int64_t epochs = 0;  // of Train and Retrain
  double sparsity = 0;      // Prune: asked for, after this cycle; 0 where the method decides
  std::int64_t kept = 0;    // Prune: weights left, of `of`
  std::int64_t of = 0;
  std::string label = {};  // "train", "prune", "retrain 2/3" ...
  // Retrain, where the rates do not depend on the length (ft, constant): the ids of the same
  // retraining over 1, 2 ... epochs less than these. It can go on from any of them.
  std::vector<std::string> shorter = {};
  std::string series = {};  // the id of the one over 1 epoch: the same for all lengths; else ""
};

/// Which part of the chain a verb runs.
enum class ChainKind {
  Whole,         // train or import, then prune and retrain
  TrainOnly,     // train; where the method prunes, with the masks it ends in
  PruneImport,   // import, then prune and retrain
  RetrainImport  // import with the zeros of the weights as masks, then retrain
};

/// Epochs of each cycle's retraining. IMP+: retrain.epochs each. Restricted IMP
/// (train.dense_epochs): what is left of train.epochs after the dense part, shared out evenly, the
/// remainder to the last cycle. Throws Error{Config} where less than one epoch a cycle is left.
[[nodiscard]] std::vector<std::int64_t> retraining_epochs(const Config& config);
[[nodiscard]] std::int64_t prune_cycles(const Config& config);

/// What a chain starts from, by content: DataSplits::fingerprint ("" where the data is not there:
/// then ids are good for looking only) and the hash of the file that `weights` names ("" without).
struct Origins {
  std::string data, weights;
  int processes = 1;  // that train together: each has a batch norm of its own
};

/// Ids leave out settings that are at their defaults: a parameter that is new in Pollard renames no
/// stage that does without it. Where a default or the meaning of a setting changes,
/// kSemanticsVersion goes up.
/// Throws Error{Config} where the chain needs weights= and there is none, or cannot use it.
[[nodiscard]] std::vector<Stage> plan_stages(const Config& config, const Graph& graph,
                                             ChainKind chain, const Origins& origins);

/// Of the work that a stage's settings stand for: part of every id.
constexpr int kSemanticsVersion = 1;

/// The settings that shape the stages of the chain up to `last`: those in effect, with defaults.
[[nodiscard]] Settings settings_of(const Config& config, std::span<const Stage> stages,
                                   std::size_t last);

/// The whole chain as the store knows it.
[[nodiscard]] Configuration configuration_of(const Config& config, std::span<const Stage> stages);

/// Throws Error{Config} where the settings of a retraining stage contradict each other.
void check_retraining(const Config& config, std::span<const Stage> stages,
                      std::int64_t iterations_per_epoch);

}  // namespace pollard

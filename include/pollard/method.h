// What a pruning method is to the training loop: a few hooks. The loop never asks which method
// runs.
//
// A method owns how weights meet the network. It may put a differentiable function of a latent
// parameter in a weight's place and add a term to the loss (Engine::set_effective_weights), train
// latent parameters of its own beside the network's, change gradients after the backward pass, and
// change masks or weights after a step or an epoch. Its state is saved with every checkpoint. The
// interface lives with the loop (floor 5) because the loop calls it; the methods are in
// src/method/.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "pollard/engine.h"
#include "pollard/masks.h"
#include "pollard/sgd.h"
#include "pollard/tensor.h"

namespace pollard {

struct MethodContext {
  Engine& engine;
  std::int64_t epochs = 0;
  std::int64_t steps_per_epoch = 0;
  std::uint64_t seed = 0;
  double sparsity = 0;  // the goal, a fraction of the prunable weights (prune.sparsity)
  SgdSettings sgd = {};
};

/// Where training stands after a step: `step` counts from 1 over the whole stage.
struct TrainingPosition {
  std::int64_t epoch = 0;  // epochs finished
  std::int64_t step = 0;   // steps finished
  double rate = 0;         // learning rate of this step
};

class Method {
 public:
  virtual ~Method() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Whether all that it asks of the engine is masks, in which every weight that is pruned stays
  /// so: an engine that computes with the others only may then take over between two epochs.
  [[nodiscard]] virtual bool only_masks() const { return false; }

  /// Once, before the first step; after a resume, before load(). `context.engine` outlives the
  /// method's use.
  virtual void attach(const MethodContext& context) = 0;
  /// Latent parameters, which the loop's optimizer steps right after the network's. Their gradients
  /// must be in place when after_backward() returns. The method saves them.
  [[nodiscard]] virtual std::span<ParameterSlot> parameters() { return {}; }
  /// Gradients are there, the weights have not moved yet.
  virtual void after_backward(const TrainingPosition&) {}
  /// The optimizer has stepped and masks are applied.
  virtual void after_step(const TrainingPosition&) {}
  virtual void after_epoch(const TrainingPosition&) {}
  /// Training is over: makes the weights final (exact zeros), takes its functions and masks back
  /// from the engine, and returns the masks; an empty set for a dense network.
  [[nodiscard]] virtual MaskSet finish() = 0;

  /// What a checkpoint must hold beyond weights, velocity and masks.
  [[nodiscard]] virtual TensorMap save() const { return {}; }
  virtual void load(const TensorMap&) {}
};

}  // namespace pollard

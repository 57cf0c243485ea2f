// Stochastic gradient descent with momentum, Nesterov and weight decay, as PyTorch defines it:
//
//   g <- g + decay * w;  v <- momentum * v + g;  w <- w - rate * (nesterov ? g + momentum * v : v)
//
// and, in the same pass, the masks: where the mask is 0, w <- 0 and v <- 0. This is the one place
// that holds pruned weights at zero while training.
#pragma once

#include <span>

#include "pollard/engine.h"

namespace pollard {

struct SgdSettings {
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 0;
  bool decay_all = true;  // false: biases and batch norm are not decayed
};

/// Whether weight decay acts on this one at all (ParameterSlot::decay says how much).
[[nodiscard]] bool is_decayed(const ParameterSlot& slot, const SgdSettings& settings);

/// One step over all slots that have a gradient. One pass over the memory on the CPU.
void sgd_step(std::span<ParameterSlot> slots, const SgdSettings& settings, double rate);

}  // namespace pollard

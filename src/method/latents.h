// Parameters that a method trains beside the network's: thresholds, scores.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/engine.h"

namespace pollard {

class Latents {
 public:
  /// A new one, starting at `value`. `decay`: how many times weight decay counts (ParameterSlot).
  void add(std::string name, const at::Tensor& value, double decay);
  /// The leaf that autograd differentiates; never replaced.
  [[nodiscard]] const at::Tensor& at(std::string_view name) const;
  /// Moves the gradients of the last backward pass into the slots: call it in after_backward().
  void take_gradients();
  [[nodiscard]] std::span<ParameterSlot> slots() { return slots_; }

  /// Values and velocities, as "latents/NAME" and "latent_velocities/NAME".
  void save(TensorMap& state) const;
  /// Throws Error{Input} naming a tensor that is missing or has another shape.
  void load(const TensorMap& state);

 private:
  std::vector<ParameterSlot> slots_;
};

}  // namespace pollard

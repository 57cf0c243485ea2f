// Masks that act on the way into the network only: the engine's weights and momentum stay dense,
// the network sees m * w, in training and in evaluation.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "pollard/engine.h"
#include "pollard/masks.h"

namespace pollard {

/// What the gradient at m * w becomes on its way to w: times m, or all of it.
enum class MaskGradient { Masked, StraightThrough };

/// The engine holds a function that refers to this object from attach() to finish().
class ForwardMasks {
 public:
  ForwardMasks() = default;
  ForwardMasks(const ForwardMasks&) = delete;
  ForwardMasks& operator=(const ForwardMasks&) = delete;

  /// Takes the engine's masks away and puts masks of ones in the forward pass.
  void attach(Engine& engine, MaskGradient gradient);

  /// Those of prunable weights, in the graph's order, and their values.
  [[nodiscard]] std::span<ParameterSlot* const> slots() const { return slots_; }
  [[nodiscard]] std::vector<at::Tensor> weights() const;
  /// Prunable weights in all, and how many of them the masks keep.
  [[nodiscard]] std::int64_t size() const;
  [[nodiscard]] std::int64_t kept() const;

  /// One for each slot: 0 and 1 of any type, with the sizes of the weight.
  void set(std::span<const at::Tensor> masks);
  /// Those in force, as U8 tensors under the weights' names, and back. load() throws Error{Input}
  /// naming a mask that is missing or does not fit. Through host memory.
  [[nodiscard]] TensorMap save() const;
  void load(const TensorMap& masks);

  /// Zeroes the momentum of what is masked.
  void stop_masked();

  /// Takes the function back and puts the masks in force in the engine, which zeroes weights and
  /// momentum. Returns them.
  MaskSet finish();

 private:
  Engine* engine_ = nullptr;
  std::vector<ParameterSlot*> slots_;
  std::map<std::string, at::Tensor, std::less<>> masks_;  // floats, with the weights' strides
};

}  // namespace pollard

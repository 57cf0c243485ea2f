// A graph's parameters as LibTorch's tensors, with gradient, velocity and mask beside each
// trainable one: what the engines have in common, whoever computes.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pollard/engine.h"

namespace pollard {

class ParameterStore {
 public:
  using Tensors = std::map<std::string, at::Tensor, std::less<>>;

  /// All zeros. channels_last: the strides of tensors with four dimensions; else row-major.
  ParameterStore(const Graph& graph, at::Device device, bool channels_last);

  [[nodiscard]] Tensors& tensors() { return tensors_; }
  [[nodiscard]] std::vector<ParameterSlot>& slots() { return slots_; }

  // As Engine says. What does not fit is found before anything changes.
  [[nodiscard]] TensorMap state() const;
  void load_state(const TensorMap& state);
  [[nodiscard]] TensorMap velocity() const;
  void load_velocity(const TensorMap& velocity);
  void set_masks(const TensorMap& masks);

 private:
  void add(const ParameterInfo& info, at::Device device, bool channels_last);
  void apply_masks_now();

  Tensors tensors_;
  std::vector<ParameterSlot> slots_;
};

}  // namespace pollard

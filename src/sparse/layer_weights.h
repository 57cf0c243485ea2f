// From a network's state to the weights of its steps: checked, batch norm folded in, zeros where
// nothing is kept.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/fold_batch_norm.h"
#include "pollard/graph.h"
#include "pollard/tensor.h"
#include "sparse/fuse.h"

namespace pollard::sparse {

/// What a step's weights are, whatever the packing. Of steps without weights: nothing.
struct LayerWeights {
  std::span<const float> weight, bias;  // bias: or nothing
  std::vector<std::uint8_t> kept;
  double density = 1;
  std::vector<float> scale, shift;  // of a batch norm that stands alone
};

/// Steps with their weights; those may be replaced.
class WeightedSteps {
 public:
  /// Keeps what `masks` keeps, of weights without a mask what is not zero. Throws Error{Input}
  /// naming a tensor that is missing or has another shape or type.
  WeightedSteps(const Graph& graph, const TensorMap& state, const TensorMap* masks);
  /// Other values; what is kept stays.
  void update(const TensorMap& state);

  [[nodiscard]] const Steps& steps() const { return steps_; }
  [[nodiscard]] const std::vector<LayerWeights>& weights() const { return weights_; }  // by step

 private:
  void set_values();

  Graph graph_;
  FoldedNetwork folded_;
  Steps steps_;
  std::vector<LayerWeights> weights_;
};

}  // namespace pollard::sparse

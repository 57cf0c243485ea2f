// What a mask is worth: sparsity over the prunable weights, over the whole model, and the
// theoretical speedup = dense multiply-adds / non-zero multiply-adds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pollard/graph.h"
#include "pollard/masks.h"

namespace pollard {

struct LayerSparsity {
  std::string name;  // of the weight
  Shape shape;
  std::int64_t kept = 0, of = 0;
  std::int64_t multiply_adds = 0;  // dense, for one image
};

struct Sparsity {
  double prunable = 0;  // zeros over prunable weights, a fraction
  double model =
      0;  // zeros over all trainable parameters (biases and batch norm in the denominator)
  std::int64_t kept = 0, of = 0;   // of the prunable weights
  double theoretical_speedup = 1;  // infinity where nothing is left
  std::vector<LayerSparsity> layers;
};

/// From the masks.
[[nodiscard]] Sparsity measure_sparsity(const Graph& graph, const MaskSet& masks);
/// From the zeros in the weights themselves: kept = entries that are not zero; `model` counts zeros
/// of every trainable parameter.
[[nodiscard]] Sparsity measure_sparsity(const Graph& graph, const TensorMap& state);

}  // namespace pollard

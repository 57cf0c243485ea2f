// Batch norm in evaluation mode as part of the layer before it:
//
//   scale * (w x + b - mean) / sqrt(variance + epsilon) + shift = (f w) x + f (b - mean) + shift,
//   f = scale / sqrt(variance + epsilon)
#pragma once

#include "pollard/graph.h"
#include "pollard/tensor.h"

namespace pollard {

struct FoldedNetwork {
  Graph graph;
  TensorMap state;
};

/// Folds each batch norm whose input is a convolution or Gemm that nothing else uses; the layer
/// gets a bias where it has none. Other batch norms stay. Weights that are zero stay zero. `state`
/// must fit the graph, as F32.
[[nodiscard]] FoldedNetwork fold_batch_norm(const Graph& graph, const TensorMap& state);

}  // namespace pollard

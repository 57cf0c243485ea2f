// How much of a network's norm a pruning step takes away.
#pragma once

#include "pollard/graph.h"
#include "pollard/tensor.h"

namespace pollard {

/// The sum of the squares, in double, of all trainable parameters in `state` (weights, biases and
/// batch norm's scale and shift; no running statistics), or of the prunable ones alone. Throws
/// Error{Input} naming a tensor that is missing, has another shape or is not F32.
[[nodiscard]] double squared_norm(const Graph& graph, const TensorMap& state, bool prunable_only);

/// ||W - W_pruned|| / ||W|| = sqrt(|before - after| / before) of the squared norms before and after
/// a step that sets weights to zero and changes nothing else. 0 where there was nothing.
[[nodiscard]] double norm_drop(double squared_before, double squared_after);

}  // namespace pollard

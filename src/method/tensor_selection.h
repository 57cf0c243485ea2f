// Exact selection of the largest entries over the engine's own tensors, as often as every step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "pollard/engine.h"

namespace pollard {

/// For each of `scores` (float) a uint8 tensor of its sizes, strides and device: 1 for exactly
/// `count` entries of largest magnitude over all of them, without a sort. Equal magnitudes: the
/// earlier tensor, then the earlier place in memory. Throws Error{Numeric} where a score is not
/// finite. Scores on another device go through host memory.
[[nodiscard]] std::vector<at::Tensor> select_largest_entries(std::span<const at::Tensor> scores,
                                                             std::int64_t count);

/// The slots of prunable weights, in the graph's order.
[[nodiscard]] std::vector<ParameterSlot*> prunable_slots(Engine& engine);

}  // namespace pollard

// From a configuration to what `pollard bench` measures.
#pragma once

#include <vector>

#include "core/parameters.h"
#include "speed/speed.h"

namespace pollard {

/// Throws Error{Config} for batches and threads that are not whole, and for keys without effect.
[[nodiscard]] SpeedSettings speed_settings(const Config& config);

/// `dense` pruned to every sparsity by every allocation, or as it is where nothing says otherwise
/// and it comes from a file.
[[nodiscard]] std::vector<PrunedNetwork> prune_networks(const Config& config, const Graph& graph,
                                                        const TensorMap& dense);

}  // namespace pollard

// Which weights may be pruned, by name: glob patterns, separated by commas, in which `*` stands for
// any characters (dots too) and `?` for one. "layer1.*, fc.weight".
#pragma once

#include <string>
#include <string_view>

#include "pollard/graph.h"

namespace pollard {

/// The whole of `name` matches the pattern.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view name);

/// Selects the weights that a pattern of `include` matches (all, where there is none) and none of
/// `exclude` does. Throws Error{Config} naming prune.include or prune.exclude where a pattern
/// matches no weight of the network, or where no weight is left.
void select_prunable(Graph& graph, std::string_view include, std::string_view exclude);

/// Names of the weights that were left out, each in a line; "" where every weight may be pruned.
/// What a stage's identity says of the selection: patterns that select the same are the same.
[[nodiscard]] std::string unselected_weights(const Graph& graph);

}  // namespace pollard

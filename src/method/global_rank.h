// What the methods share that rank all weights together: how many the goal leaves, which tensors
// take part, and the prune at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/parameters.h"
#include "pollard/engine.h"
#include "pollard/masks.h"

namespace pollard {

/// N - round(S N) of the graph's N prunable weights. Throws Error{Config} unless 0 <= S < 1.
[[nodiscard]] std::int64_t kept_at_goal(const Graph& graph, double sparsity);

/// Ends a training that leaves no zeros of its own: keeps the kept_at_goal() weights of largest
/// magnitude, sets the others to zero, puts the masks in force and returns them.
[[nodiscard]] MaskSet finish_by_magnitude(Engine& engine, double sparsity);

/// Declares "method.NAME.rank_scope": which tensors are ranked, prunable (default) or all.
void declare_rank_scope(ParameterTable& table, std::string_view method, OnlyWith only_with);
/// Whether "method.NAME.rank_scope" is all.
[[nodiscard]] bool ranks_all(const Config& config, std::string_view method);
/// The slots of the prunable weights, or every slot; in the engine's order.
[[nodiscard]] std::vector<ParameterSlot*> ranked_slots(Engine& engine, bool all);

}  // namespace pollard

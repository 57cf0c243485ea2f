// The paper's three claims, held against what is finished, in numbers: (1) SLR beats FT, most where
// much is pruned; (2) the global criterion keeps up with the other allocations; (3) few epochs of
// retraining recover most of what pruning cost.
#pragma once

#include <span>
#include <string>

#include "report/paper/grid_results.h"

namespace pollard {

/// Markdown: a section a claim, in it a table a network; every line has its n, and where there is
/// not enough to compare, that is said. `allocations`: rows over prune.allocation, prune.sparsity
/// and retrain.schedule; `budget`: over prune.sparsity, retrain.schedule and retrain.epochs.
[[nodiscard]] std::string make_claims(std::span<const ResultRow> allocations,
                                      std::span<const ResultRow> budget, const KeySet& ignored);

}  // namespace pollard

// Pairs of runs pooled over all groups that they come in, and their line of a claim's table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/contrast.h"
#include "report/groups.h"

namespace pollard {

struct PooledPairs {
  double mean_a = 0, mean_b = 0;
  PairedDifference difference = {};  // b minus a
};
/// Of top-1; none where no runs share their seed and all other settings.
[[nodiscard]] std::optional<PooledPairs> pooled_pairs(std::span<const ResultRow> rows,
                                                      const Contrast& contrast,
                                                      const KeySet& ignored);

/// n, mean of a, mean of b, difference, 95 % interval, p: as `pollard results --compare` has them.
[[nodiscard]] std::vector<std::string> pair_cells(const PooledPairs& pairs);

}  // namespace pollard

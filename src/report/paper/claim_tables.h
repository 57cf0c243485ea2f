// The numbers behind the paper's three claims, for one network: a table and a sentence each.
#pragma once

#include <span>
#include <string>

#include "report/groups.h"
#include "report/table.h"

namespace pollard {

struct Claim {
  TextTable table;      // no rows where there is nothing to compare
  std::string verdict;  // "SLR is above FT at 3 of 4 sparsities ..."; or what is lacking
};

/// SLR minus FT at each sparsity, over pairs of equal allocation and seed.
[[nodiscard]] Claim schedule_claim(std::span<const ResultRow> rows, const KeySet& ignored);
/// Global minus the best of the other allocations, at each sparsity and schedule, over seeds.
[[nodiscard]] Claim allocation_claim(std::span<const ResultRow> rows, const KeySet& ignored);
/// Of what one pruning cost, dense minus pruned, what the shortest and the longest retraining bring
/// back, for each sparsity, schedule and weight decay.
[[nodiscard]] Claim budget_claim(std::span<const ResultRow> rows);

}  // namespace pollard

// The spots of one line of a panel: configurations over seeds, as curve, running maximum or bins.
#pragma once

#include <span>
#include <vector>

#include "report/figure.h"
#include "report/groups.h"
#include "report/paper/spec.h"

namespace pollard {

/// Figs. 9, 11 and 12: one spot for each half percent of sparsity; the bin of 90 % goes from 89.75
/// to 90.25 %, as methods.md 1.2 reads the tables' rule.
constexpr double kBinWidth = 0.005;

/// In order of x, in the units of the axes. Configurations without x or y are left out.
[[nodiscard]] std::vector<Spot> spots_of(std::span<const ResultRow> rows, const SpecPanel& panel,
                                         const KeySet& ignored);

/// The best mean of `measure`; no spot where no row has it. Its x is 0.
[[nodiscard]] std::vector<Spot> best_spot(std::span<const ResultRow> rows,
                                          const std::string& measure, const KeySet& ignored);

}  // namespace pollard

// The rows of tables 1, 4 and 5: of each method the best configuration for each goal sparsity.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "report/paper/grid_results.h"
#include "report/paper/row_sets.h"
#include "report/paper/spec.h"

namespace pollard {

struct GoalLine {
  NamedRows named = {};
  std::vector<ResultGroup> groups = {};       // point into the rows
  std::vector<const ResultGroup*> best = {};  // a goal each; null: none meets it
  std::optional<double> time = {};            // factor, over the best ones

  GoalLine() = default;
  GoalLine(GoalLine&&) = default;  // a copy's groups would point into another's rows
};
[[nodiscard]] std::vector<GoalLine> goal_lines(const Spec& spec, const ProfileResults& results);

/// Of the configuration that stands for the goal; Missing where none does.
[[nodiscard]] Mark goal_mark(const GoalLine& line, std::size_t goal, const ProfileResults& results);

/// Seconds of all stages over those of dense training of the regular length, mean over `rows`. A
/// row that has no dense training of its own (a method's) is held against the mean of those in
/// `grid` that have; IMP's within the budget is scaled up from its part. None where no dense
/// network was trained.
[[nodiscard]] std::optional<double> time_factor(std::span<const ResultRow* const> rows,
                                                std::span<const ResultRow> grid);

}  // namespace pollard

// Tables 1, 4 and 5: methods by goal sparsities.
#pragma once

#include <span>

#include "report/paper/goal_lines.h"
#include "report/paper/make_table.h"

namespace pollard {

/// Columns, rows, notes on marks, and values of a table whose layout is TableLayout::Goals.
void fill_goals(PaperTable& table, const Spec& spec, const ProfileResults& results);

/// The measures of a goal's columns, in their order.
inline constexpr const char* kGoalMeasures[] = {"top1", "theoretical_speedup", "sparsity"};

/// A line for each row and goal: plain numbers, mark, settings, seeds, ids of configurations.
[[nodiscard]] TextTable goal_values(const Spec& spec, std::span<const GoalLine> lines,
                                    const ProfileResults& results);

}  // namespace pollard

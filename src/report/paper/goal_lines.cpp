#include "report/paper/goal_lines.h"

#include <utility>

namespace pollard {
namespace {

std::span<const ResultRow> grid_rows(const ProfileResults& results, const std::string& name) {
  const GridResults* grid = results.find(name);
  return grid == nullptr ? std::span<const ResultRow>() : grid->rows;
}

double number_of(const ResultRow& row, const std::string& key) {
  return setting_number(setting_of(row, key)).value_or(0);
}

// Of the regular length, from the part that ran.
std::optional<double> dense_seconds(const ResultRow& row) {
  const auto ran = measure_of(row, "dense_seconds");
  if (!ran || *ran <= 0) return {};
  const double part = number_of(row, "train.dense_epochs");
  return part > 0 ? *ran * number_of(row, "train.epochs") / part : *ran;
}

std::optional<double> mean(std::span<const double> values) {
  return values.empty() ? std::nullopt : std::optional(summarize(values).mean);
}

}  // namespace

std::vector<GoalLine> goal_lines(const Spec& spec, const ProfileResults& results) {
  const SpecTable& table = spec.table;
  std::vector<GoalLine> lines;
  for (NamedRows& named : lines_of(table.rows, results))
    lines.emplace_back().named = std::move(named);
  for (GoalLine& line : lines) {
    line.groups = group_results(line.named.rows, results.ignored());
    std::vector<const ResultRow*> chosen;
    for (const double sparsity : table.goals) {
      const Goal goal{sparsity, table.tolerance};
      line.best.push_back(best_group(line.groups, table.rows.select, goal));
      if (line.best.back() != nullptr)
        chosen.insert(chosen.end(), line.best.back()->rows.begin(), line.best.back()->rows.end());
    }
    line.time = time_factor(chosen, grid_rows(results, line.named.grid));
  }
  return lines;
}

Mark goal_mark(const GoalLine& line, std::size_t goal, const ProfileResults& results) {
  const ResultGroup* group = line.best[goal];
  if (group == nullptr) return Mark::Missing;
  const GridResults* grid = results.find(line.named.grid);
  return mark_of(results.profile, group->rows.size(), grid == nullptr ? 0 : grid->seeds);
}

std::optional<double> time_factor(std::span<const ResultRow* const> rows,
                                  std::span<const ResultRow> grid) {
  std::vector<double> of_grid, factors;
  for (const ResultRow& row : grid) {
    if (const auto seconds = dense_seconds(row)) of_grid.push_back(*seconds);
  }
  const std::optional<double> usual = mean(of_grid);
  if (!usual) return {};
  for (const ResultRow* row : rows) {
    if (const auto seconds = measure_of(*row, "seconds"))
      factors.push_back(*seconds / dense_seconds(*row).value_or(*usual));
  }
  return mean(factors);
}

}  // namespace pollard

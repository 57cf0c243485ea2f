#include "report/paper/goal_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "report/measures.h"
#include "report/values.h"

namespace pollard {
namespace {

// "93.27 ± 0.12"; a deviation that rounds to nothing is left out, as in the paper.
std::string mean_text(const std::string& measure, const Summary* summary) {
  if (summary == nullptr) return std::string(kDash);
  const std::string mean = measure_text(measure, summary->mean);
  if (!summary->std) return mean;
  const std::string deviation = measure_text(measure, *summary->std);
  return deviation == measure_text(measure, 0) ? mean : fmt::format("{} ± {}", mean, deviation);
}

std::string_view mark_sign(Mark mark) {
  if (mark == Mark::ScaledDown) return "†";
  return mark == Mark::Incomplete ? "‡" : "";
}

void add_cells(std::vector<PaperCell>& row, const GoalLine& line, std::size_t goal,
               const ProfileResults& results) {
  const ResultGroup* group = line.best[goal];
  if (group == nullptr) {
    const std::string text = line.named.rows.empty() ? "missing" : std::string(kDash);
    row.insert(row.end(), {{text}, {std::string(kDash)}, {std::string(kDash)}});
    return;
  }
  for (const char* measure : kGoalMeasures)
    row.push_back({mean_text(measure, group->find(measure))});
  PaperCell& accuracy = *(row.end() - 3);
  accuracy.text +=
      fmt::format(" ({}){}", group->rows.size(), mark_sign(goal_mark(line, goal, results)));
}

// Those of the highest means; of equal ones all.
void embolden(PaperTable& table, const std::vector<GoalLine>& lines, const Spec& spec) {
  for (std::size_t goal = 0; goal < spec.table.goals.size(); ++goal) {
    std::vector<double> means;
    const auto mean_of = [&](const GoalLine& line) { return line.best[goal]->find("top1")->mean; };
    const auto has = [&](const GoalLine& line) {
      return line.best[goal] != nullptr && line.best[goal]->find("top1") != nullptr;
    };
    for (const GoalLine& line : lines) {
      if (has(line)) means.push_back(mean_of(line));
    }
    std::ranges::sort(means, std::ranges::greater());
    if (spec.table.bold == 0 || means.empty()) continue;
    const double least = means[std::min(spec.table.bold, means.size()) - 1];
    for (std::size_t row = 0; row < lines.size(); ++row) {
      if (has(lines[row]) && mean_of(lines[row]) >= least)
        table.rows[row][1 + 3 * goal].bold = true;
    }
  }
}

void add_columns(PaperTable& table, const Spec& spec) {
  table.columns.push_back({"", spec.table.time_factor ? "method (time)" : "method", Align::Left});
  for (const double goal : spec.table.goals) {
    const std::string group = fmt::format("{:g} %", 100 * goal);
    table.columns.push_back({group, "top-1 % (n)"});
    table.columns.push_back({group, "speedup ×"});
    table.columns.push_back({group, "sparsity %"});
  }
}

void add_notes(PaperTable& table, const std::vector<GoalLine>& lines, const Spec& spec,
               const ProfileResults& results) {
  bool down = false, incomplete = false;
  for (const GoalLine& line : lines) {
    for (std::size_t goal = 0; goal < spec.table.goals.size(); ++goal) {
      down |= goal_mark(line, goal, results) == Mark::ScaledDown;
      incomplete |= goal_mark(line, goal, results) == Mark::Incomplete;
    }
  }
  if (down) table.notes.push_back("† scaled down.");
  if (incomplete) table.notes.push_back("‡ not all seeds are finished.");
  table.notes.push_back(fmt::format(
      "Mean ± standard deviation over n seeds of the configuration with the best mean; theoretical "
      "speedup; sparsity of the prunable weights within {:g} points of the goal, else a dash.",
      100 * spec.table.tolerance));
  if (std::ranges::any_of(lines, [](const GoalLine& line) { return line.time.has_value(); }))
    table.notes.push_back("Time: seconds of all stages over those of dense training.");
}

}  // namespace

void fill_goals(PaperTable& table, const Spec& spec, const ProfileResults& results) {
  const std::vector<GoalLine> lines = goal_lines(spec, results);
  add_columns(table, spec);
  for (const GoalLine& line : lines) {
    const bool timed = spec.table.time_factor && line.time;
    table.rows.push_back(
        {{line.named.name + (timed ? fmt::format(" ({})", times(line.time)) : "")}});
    for (std::size_t goal = 0; goal < spec.table.goals.size(); ++goal)
      add_cells(table.rows.back(), line, goal, results);
  }
  embolden(table, lines, spec);
  add_notes(table, lines, spec, results);
  table.values = goal_values(spec, lines, results);
}

}  // namespace pollard

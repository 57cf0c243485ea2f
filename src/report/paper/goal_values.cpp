#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "report/paper/goal_table.h"

namespace pollard {
namespace {

std::string plain(const Summary* summary) {
  return summary == nullptr ? "" : fmt::format("{}", summary->mean);
}

std::string plain_std(const Summary* summary) {
  return summary == nullptr || !summary->std ? "" : fmt::format("{}", *summary->std);
}

// What tells the configuration from the others of its line.
std::string settings_text(const GoalLine& line, const ResultGroup& group) {
  std::vector<const Settings*> all;
  for (const ResultGroup& one : line.groups) all.push_back(&one.settings);
  std::vector<std::string> parts;
  for (const std::string& key : varying_keys(all)) {
    const auto found = group.settings.find(key);
    if (found != group.settings.end()) parts.push_back(key + "=" + found->second);
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

void add_numbers(std::vector<std::string>& row, const GoalLine& line, const ResultGroup& group) {
  row.push_back(std::to_string(group.rows.size()));
  for (const char* measure : kGoalMeasures) {
    row.push_back(plain(group.find(measure)));
    row.push_back(plain_std(group.find(measure)));
  }
  std::vector<std::string> seeds, ids;
  for (const ResultRow* one : group.rows) {
    seeds.push_back(setting_of(*one, "seed"));
    ids.push_back(one->id);
  }
  row.push_back(line.time ? fmt::format("{}", *line.time) : "");
  row.push_back(settings_text(line, group));
  row.push_back(fmt::format("{}", fmt::join(seeds, " ")));
  row.push_back(fmt::format("{}", fmt::join(ids, " ")));
}

}  // namespace

TextTable goal_values(const Spec& spec, std::span<const GoalLine> lines,
                      const ProfileResults& results) {
  TextTable values;
  for (const char* name : {"row", "goal", "mark", "n"}) values.columns.push_back({name});
  for (const std::string name : kGoalMeasures)
    values.columns.insert(values.columns.end(), {{name}, {name + "_std"}});
  for (const char* name : {"time_factor", "settings", "seeds", "configurations"})
    values.columns.push_back({name});
  for (const GoalLine& line : lines) {
    for (std::size_t goal = 0; goal < spec.table.goals.size(); ++goal) {
      const ResultGroup* group = line.best[goal];
      std::vector<std::string> row = {line.named.name, fmt::format("{}", spec.table.goals[goal])};
      if (group != nullptr) {
        row.emplace_back(mark_text(goal_mark(line, goal, results)));
        add_numbers(row, line, *group);
      } else {
        row.emplace_back(line.named.rows.empty() ? "missing" : "none within the tolerance");
        row.resize(values.columns.size());
      }
      values.rows.push_back(std::move(row));
    }
  }
  return values;
}

}  // namespace pollard

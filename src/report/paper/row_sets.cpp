#include "report/paper/row_sets.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "report/paper/words.h"

namespace pollard {
namespace {

bool is_value(const std::string& there, const std::string& wanted) {
  if (there == wanted) return true;
  const auto a = setting_number(there), b = setting_number(wanted);
  return a && b && *a == *b;
}

bool is_one_of(const std::string& there, const std::vector<std::string>& wanted) {
  return std::ranges::any_of(wanted, [&](const auto& value) { return is_value(there, value); });
}

std::vector<std::string> values_in_order(std::span<const ResultRow> rows, const std::string& key,
                                         const RowFilter& where) {
  std::vector<std::string> values = setting_values(rows, key);
  const auto listed = where.find(key);
  if (listed == where.end()) return values;
  const auto rank = [&](const std::string& value) {
    return std::ranges::find_if(listed->second,
                                [&](const auto& one) { return is_value(value, one); }) -
           listed->second.begin();
  };
  std::ranges::stable_sort(values, {}, rank);
  return values;
}

std::span<const ResultRow> rows_of(const ProfileResults& results, const std::string& grid) {
  const GridResults* found = results.find(grid);
  return found == nullptr ? std::span<const ResultRow>() : found->rows;
}

std::string line_name(const RowFilter& values, const std::vector<std::string>& keys) {
  std::string name;
  for (const std::string& key : keys)
    name += (name.empty() ? "" : ", ") + named_value(key, values.at(key).front());
  return name;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

}  // namespace

bool fits(const ResultRow& row, const RowFilter& filter) {
  return std::ranges::all_of(filter, [&](const auto& wanted) {
    return is_one_of(setting_of(row, wanted.first), wanted.second);
  });
}

std::vector<ResultRow> chosen_rows(std::span<const ResultRow> rows, const RowFilter& first,
                                   const RowFilter& second) {
  std::vector<ResultRow> chosen;
  for (const ResultRow& row : rows) {
    if (fits(row, first) && fits(row, second)) chosen.push_back(row);
  }
  return chosen;
}

std::vector<RowFilter> each_combination(std::span<const ResultRow> rows,
                                        std::span<const std::string> keys, const RowFilter& where) {
  std::vector<RowFilter> combinations = {{}};
  for (const std::string& key : keys) {
    std::vector<RowFilter> longer;
    const std::vector<std::string> values = values_in_order(rows, key, where);
    for (const RowFilter& before : combinations) {
      for (const std::string& value : values) {
        longer.push_back(before);
        longer.back()[key] = {value};
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

std::vector<NamedRows> lines_of(const SpecPanel& panel, const ProfileResults& results,
                                const RowFilter& within) {
  std::vector<NamedRows> lines;
  for (const SpecLine& line : panel.lines) {
    const std::string& grid = line.grid.empty() ? panel.grid : line.grid;
    const std::vector<ResultRow> rows = chosen_rows(rows_of(results, grid), panel.where, within);
    std::vector<ResultRow> own = chosen_rows(rows, line.where);
    std::string name = filled_title(line.name, own, grid);
    lines.push_back({std::move(name), grid, std::move(own)});
  }
  if (panel.lines_by.empty()) return lines;
  const std::vector<ResultRow> rows =
      chosen_rows(rows_of(results, panel.grid), panel.where, within);
  for (const RowFilter& values : each_combination(rows, panel.lines_by, panel.where)) {
    NamedRows line{line_name(values, panel.lines_by), panel.grid, chosen_rows(rows, values)};
    if (!line.rows.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<ResultRow> all_rows(const SpecPanel& panel, const ProfileResults& results,
                                const RowFilter& within) {
  std::vector<ResultRow> rows;
  for (NamedRows& line : lines_of(panel, results, within))
    rows.insert(rows.end(), std::make_move_iterator(line.rows.begin()),
                std::make_move_iterator(line.rows.end()));
  return rows;
}

std::vector<std::string> grids_of(const SpecPanel& panel) {
  std::vector<std::string> grids;
  const auto add = [&](const SpecLine& line) {
    add_once(grids, line.grid.empty() ? panel.grid : line.grid);
  };
  if (panel.lines.empty()) add_once(grids, panel.grid);
  for (const SpecLine& line : panel.lines) add(line);
  for (const SpecBaseline& baseline : panel.baselines) add(baseline.line);
  return grids;
}

}  // namespace pollard

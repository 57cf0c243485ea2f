#include "report/paper/measured_speed.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "report/paper/condition_notes.h"
#include "report/paper/row_sets.h"
#include "report/paper/words.h"
#include "report/speed_record.h"

namespace pollard {
namespace {

using nlohmann::json;

// What a case says of one configuration.
struct Timing {
  std::optional<double> ms, speedup;
};

Timing timing_of(const json& record, const json& one, const std::string& configuration) {
  for (const json& entry : find_list(one, "sparse")) {
    if (find_text(network_of(record, entry), {kMeasuredConfiguration}) == configuration)
      return {find_number(entry, {"median_ms"}), find_number(entry, {"speedup"})};
  }
  return {};
}

Panel panel_of(const json& one, const char* x, const char* y, bool log_x) {
  return {.title = case_name(one),
          .x_label = x,
          .y_label = y,
          .lines = {},
          .log_x = log_x,
          .low_y = {},
          .high_y = {}};
}

void add_spot(Panel& panel, const std::string& line, std::optional<double> x,
              std::optional<double> y, const std::string& id) {
  if (!x || !y) return;
  auto found = std::ranges::find(panel.lines, line, &FigureLine::name);
  if (found == panel.lines.end()) {
    panel.lines.push_back({.name = line, .spots = {}});
    found = panel.lines.end() - 1;
  }
  found->spots.push_back({.x = *x, .y = *y, .low = *y, .high = *y, .n = 1, .origin = {id}});
}

void sort_lines(Panel& panel) {
  for (FigureLine& line : panel.lines) std::ranges::sort(line.spots, {}, &Spot::x);
}

std::string best_dense(const json& record) {
  std::vector<std::string> texts;
  for (const json& one : find_list(record, "cases")) {
    texts.push_back(fmt::format("{}: {}, {} ms", case_name(one),
                                find_text(one, {"baseline", "name"}),
                                fixed(find_number(one, {"baseline", "ms"}), 2)));
  }
  return texts.empty() ? "Nothing was measured."
                       : fmt::format("Best dense network, {}.", fmt::join(texts, "; "));
}

}  // namespace

std::vector<MeasuredRow> rows_to_measure(const Spec& spec, const ProfileResults& results) {
  std::vector<MeasuredRow> chosen;
  for (const NamedRows& named : lines_of(spec.panels.front(), results)) {
    std::map<std::string, const ResultRow*> by_goal;
    for (const ResultRow& row : named.rows) {
      const ResultRow*& best = by_goal[setting_of(row, "prune.sparsity")];
      if (best == nullptr || value_before(setting_of(row, "seed"), setting_of(*best, "seed")))
        best = &row;
    }
    for (const auto& [goal, row] : by_goal) chosen.push_back({named.name, *row});
  }
  return chosen;
}

bool is_record_of(const json& record, const std::vector<MeasuredRow>& wanted) {
  std::set<std::string> measured, ids;
  for (const json& network : find_list(record, "networks"))
    measured.insert(find_text(network, {kMeasuredConfiguration}));
  for (const MeasuredRow& row : wanted) ids.insert(row.row.id);
  return record.is_object() && measured == ids;
}

MadeFigure make_speed_figure(const Spec& spec, const ProfileResults& results, const json& record) {
  const SpecPanel& panel = spec.panels.front();
  const std::vector<ResultRow> all = all_rows(panel, results);
  const std::vector<std::string> grids = grids_of(panel);
  Figure figure{.id = spec.id,
                .title = filled_title(spec.title, all, panel.grid),
                .description = filled_title(spec.caption, all, panel.grid),
                .columns = 2,
                .panels = {},
                .notes = condition_notes(spec, results, grids)};
  const std::vector<MeasuredRow> rows = rows_to_measure(spec, results);
  for (const json& one : find_list(record, "cases")) {
    Panel speed = panel_of(one, "theoretical speedup", "measured speedup", true);
    Panel accuracy = panel_of(one, "measured speedup", "top-1 accuracy, %", false);
    for (const MeasuredRow& row : rows) {
      const Timing timing = timing_of(record, one, row.row.id);
      add_spot(speed, row.line, measure_of(row.row, "theoretical_speedup"), timing.speedup,
               row.row.id);
      add_spot(accuracy, row.line, timing.speedup, measure_of(row.row, "top1"), row.row.id);
    }
    for (Panel* each : {&speed, &accuracy}) {
      sort_lines(*each);
      figure.panels.push_back(std::move(*each));
    }
  }
  const bool measured = !figure.panels.empty();
  if (!measured)
    figure.panels.push_back({.title = "missing",
                             .x_label = "theoretical speedup",
                             .y_label = "measured speedup",
                             .lines = {},
                             .low_y = {},
                             .high_y = {}});
  figure.notes.push_back(best_dense(record));
  return {std::move(figure), measured ? mark_of(results, grids) : Mark::Missing};
}

TextTable measured_values(const Spec& spec, const ProfileResults& results, const json& record) {
  TextTable table{
      {{"line", Align::Left}, {"prune.sparsity"}, {"sparsity"}, {"top1"}, {"theoretical_speedup"}},
      {}};
  for (const json& one : find_list(record, "cases")) {
    for (const char* what : {"ms", "speedup", "share"})
      table.columns.push_back({fmt::format("{}: {}", case_name(one), what)});
  }
  table.columns.push_back({"configuration", Align::Left});
  for (const MeasuredRow& row : rows_to_measure(spec, results)) {
    const auto theory = measure_of(row.row, "theoretical_speedup");
    std::vector<std::string> cells = {row.line, setting_of(row.row, "prune.sparsity"),
                                      plain(measure_of(row.row, "sparsity")),
                                      plain(measure_of(row.row, "top1")), plain(theory)};
    for (const json& one : find_list(record, "cases")) {
      const Timing timing = timing_of(record, one, row.row.id);
      for (const auto& number : {timing.ms, timing.speedup, ratio(timing.speedup, theory)})
        cells.push_back(plain(number));
    }
    cells.push_back(row.row.id);
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace pollard

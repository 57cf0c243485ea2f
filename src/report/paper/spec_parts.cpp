#include "report/paper/spec_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report/measures.h"

namespace pollard {
namespace {

std::optional<std::string> grid_of(const SpecSection& section, const SpecKeys& grids) {
  auto grid = section.text("grid");
  if (grid) section.require_one_of("grid", *grid, "name in 'grids'", grids);
  return grid;
}

SpecLine line_of(const SpecSection& section, const SpecKeys& grids) {
  return {section.required_text("name"), grid_of(section, grids).value_or(""),
          section.filter("where")};
}

std::optional<std::string> measure_of(const SpecSection& section, std::string_view key) {
  auto measure = section.text(key);
  if (measure) section.require_one_of(key, *measure, "measure", known_measures());
  return measure;
}

std::vector<SpecBaseline> baselines_of(const SpecSection& section, const SpecKeys& grids,
                                       const SpecPanel& panel) {
  std::vector<SpecBaseline> baselines;
  for (const SpecSection& baseline : section.sections("baseline")) {
    baseline.allow({"name", "grid", "where", "measure", "match"});
    baselines.push_back({line_of(baseline, grids), measure_of(baseline, "measure").value_or(""),
                         baseline.has("match") ? baseline.setting_keys("match") : panel.panels_by});
  }
  return baselines;
}

// What the section says of axes, over what holds outside of it.
SpecPanel read_axes(const SpecSection& section, const SpecKeys& grids, SpecPanel panel) {
  panel.x = measure_of(section, "x").value_or(panel.x);
  panel.y = measure_of(section, "y").value_or(panel.y);
  panel.select = measure_of(section, "select").value_or(panel.select);
  if (const auto form = section.word("form", {"curve", "maximum", "bins"}))
    panel.form = *form == "curve"     ? SpecForm::Curve
                 : *form == "maximum" ? SpecForm::Maximum
                                      : SpecForm::Bins;
  if (section.has("panels_by")) panel.panels_by = section.setting_keys("panels_by");
  for (auto [key, limit] : {std::pair("from_x", &panel.from_x), std::pair("to_x", &panel.to_x),
                            std::pair("low_y", &panel.low_y), std::pair("high_y", &panel.high_y)})
    if (const auto number = section.number(key)) *limit = number;
  panel.log_x = section.flag("log_x").value_or(panel.log_x);
  if (section.has("baseline")) panel.baselines = baselines_of(section, grids, panel);
  return panel;
}

void check_panel(const SpecSection& section, const SpecPanel& panel) {
  require_lines(section, panel);
  for (const auto& [key, measure] : {std::pair("x", panel.x), std::pair("y", panel.y)}) {
    if (measure.empty())
      section.refuse(key, fmt::format("a panel has no '{}'", key),
                     fmt::format("expected a measure: {} = \"top1\"", key));
  }
}

Published published_of(const SpecSection& section) {
  section.allow({"what", "network", "setting", "sparsity", "density", "top1", "source"});
  Published one{.what = section.required_text("what"),
                .network = section.required_text("network"),
                .setting = section.text("setting").value_or(""),
                .sparsity = section.number("sparsity", 0, 1),
                .source = section.required_text("source")};
  if (const auto density = section.number("density", 0, 1)) one.sparsity = 1 - *density;
  const auto top1 = section.number("top1", 0, 100);
  if (!top1) section.refuse("top1", "'published.top1' is missing", "expected percent");
  one.top1 = *top1;
  return one;
}

void check_table(const SpecSection& root, const SpecTable& table) {
  if (table.layout != TableLayout::Facts) require_lines(root, table.rows);
  if (table.layout == TableLayout::Goals && table.goals.empty())
    root.refuse("goals", "'goals' is missing", "expected sparsities: goals = [0.9, 0.95]");
  if (table.layout == TableLayout::Settings &&
      (table.keys.empty() || table.keys.size() != table.headers.size()))
    root.refuse("headers", "'headers' and 'keys' are not equally many",
                "expected a header for each of 'keys'");
  const auto fits = [&](const auto& row) { return row.size() == table.headers.size(); };
  if (table.layout == TableLayout::Facts &&
      (table.facts.empty() || !std::ranges::all_of(table.facts, fits)))
    root.refuse("facts", "'facts' has no rows, or one that does not fit 'headers'",
                "expected as many texts in each row as in 'headers'");
}

}  // namespace

SpecKeys row_keys() { return {"grid", "where", "lines_by", "line"}; }

SpecKeys axis_keys() {
  return {"x",      "y",    "form",  "select", "panels_by", "baseline",
          "from_x", "to_x", "low_y", "high_y", "log_x"};
}

SpecKeys table_keys() {
  return {"layout",  "goals", "tolerance", "bold",     "time_factor",
          "headers", "keys",  "facts",     "published"};
}

SpecKeys together(SpecKeys keys, std::initializer_list<SpecKeys> more) {
  for (const SpecKeys& one : more) keys.insert(keys.end(), one.begin(), one.end());
  return keys;
}

SpecPanel read_rows(const SpecSection& section, const SpecKeys& grids, SpecPanel outer) {
  SpecPanel panel = std::move(outer);
  if (panel.grid.empty() && !grids.empty()) panel.grid = grids.front();
  panel.grid = grid_of(section, grids).value_or(panel.grid);
  for (auto& [key, values] : section.filter("where")) panel.where[key] = std::move(values);
  if (section.has("lines_by") || section.has("line")) {
    panel.lines_by = section.setting_keys("lines_by");
    panel.lines.clear();
  }
  for (const SpecSection& line : section.sections("line")) {
    line.allow({"name", "grid", "where"});
    panel.lines.push_back(line_of(line, grids));
  }
  return panel;
}

void require_lines(const SpecSection& section, const SpecPanel& panel) {
  if (panel.grid.empty())
    section.refuse("grids", "'grids' is missing", "expected names of sweep files, without .toml");
  if (panel.lines.empty() == panel.lines_by.empty())
    section.refuse("lines_by", "expected either 'lines_by' or [[line]]",
                   "lines_by = [\"retrain.schedule\"] makes a line of each of its values");
}

std::vector<SpecPanel> read_panels(const SpecSection& root, const SpecKeys& grids) {
  std::vector<SpecPanel> panels;
  const SpecPanel shared = read_axes(root, grids, read_rows(root, grids, {}));
  for (const SpecSection& section : root.sections("panel")) {
    section.allow(together({"title"}, {row_keys(), axis_keys()}));
    panels.push_back(read_axes(section, grids, read_rows(section, grids, shared)));
    panels.back().title = section.text("title").value_or("");
    check_panel(section, panels.back());
  }
  if (panels.empty()) {
    check_panel(root, shared);
    panels.push_back(shared);
  }
  return panels;
}

SpecTable read_table(const SpecSection& root, const SpecKeys& grids) {
  SpecTable table;
  const auto layout = root.word("layout", {"goals", "settings", "facts"});
  table.layout = layout == "facts"      ? TableLayout::Facts
                 : layout == "settings" ? TableLayout::Settings
                                        : TableLayout::Goals;
  table.goals = root.numbers("goals", 0, 1);
  table.tolerance = root.number("tolerance", 0, 0.1).value_or(table.tolerance);
  table.bold = root.count("bold").value_or(table.bold);
  table.time_factor = root.flag("time_factor").value_or(table.time_factor);
  table.headers = root.texts("headers");
  table.keys = root.setting_keys("keys");
  table.facts = root.text_rows("facts");
  table.rows = read_rows(root, grids, {});
  for (const SpecSection& section : root.sections("published"))
    table.published.push_back(published_of(section));
  check_table(root, table);
  return table;
}

}  // namespace pollard

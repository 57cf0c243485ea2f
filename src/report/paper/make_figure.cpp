#include "report/paper/make_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report/measures.h"
#include "report/paper/condition_notes.h"
#include "report/paper/row_sets.h"
#include "report/paper/spots.h"
#include "report/paper/words.h"

namespace pollard {
namespace {

struct Split {
  const SpecPanel& spec;
  RowFilter values;             // what the panel was split to
  std::vector<ResultRow> rows;  // of its lines, for its title
};

std::vector<ResultRow> all_rows(const SpecPanel& panel, const ProfileResults& results,
                                const RowFilter& within) {
  std::vector<ResultRow> rows;
  for (NamedRows& line : lines_of(panel, results, within))
    rows.insert(rows.end(), std::make_move_iterator(line.rows.begin()),
                std::make_move_iterator(line.rows.end()));
  return rows;
}

// For the title of a panel whose combination of values nothing finished has.
ResultRow stand_in(const ResultRow& like, const RowFilter& values) {
  ResultRow row{.id = {}, .settings = like.settings, .measures = {}};
  for (const auto& [key, value] : values) row.settings[key] = value.front();
  return row;
}

// A panel of which nothing is finished stays one, without lines.
std::vector<Split> split(const SpecPanel& panel, const ProfileResults& results) {
  const std::vector<ResultRow> rows = all_rows(panel, results, {});
  std::vector<Split> splits;
  for (RowFilter& values : each_combination(rows, panel.panels_by, panel.where)) {
    std::vector<ResultRow> own = chosen_rows(rows, values);
    if (own.empty() && !rows.empty()) own = {stand_in(rows.front(), values)};
    splits.push_back({panel, std::move(values), std::move(own)});
  }
  if (splits.empty()) splits.push_back({panel, {}, {}});
  return splits;
}

// Where the baseline's rows have to agree with the panel.
RowFilter agreement(const SpecBaseline& baseline, const Split& panel) {
  RowFilter filter;
  for (const std::string& key : baseline.match) {
    const auto value = panel.values.find(key), fixed = panel.spec.where.find(key);
    if (value != panel.values.end()) {
      filter[key] = value->second;
    } else if (fixed != panel.spec.where.end()) {
      filter[key] = fixed->second;
    }
  }
  return filter;
}

std::vector<FigureLine> baselines_of(const Split& panel, const ProfileResults& results) {
  std::vector<FigureLine> lines;
  for (const SpecBaseline& baseline : panel.spec.baselines) {
    const GridResults* grid =
        results.find(baseline.line.grid.empty() ? panel.spec.grid : baseline.line.grid);
    if (grid == nullptr) continue;
    const std::vector<ResultRow> rows =
        chosen_rows(grid->rows, baseline.line.where, agreement(baseline, panel));
    FigureLine line{
        .name = baseline.line.name,
        .spots = best_spot(rows, baseline.measure.empty() ? panel.spec.y : baseline.measure,
                           results.ignored()),
        .form = LineForm::Baseline};
    if (!line.spots.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

Panel make_panel(const Split& split, const ProfileResults& results) {
  const SpecPanel& spec = split.spec;
  Panel panel{.title = filled_title(spec.title, split.rows, spec.grid),
              .x_label = measure_axis(spec.x),
              .y_label = measure_axis(spec.y),
              .lines = {},
              .log_x = spec.log_x,
              .low_y = spec.low_y,
              .high_y = spec.high_y};
  for (const NamedRows& line : lines_of(spec, results, split.values)) {
    FigureLine drawn{.name = line.name,
                     .spots = spots_of(line.rows, spec, results.ignored()),
                     .form = spec.form == SpecForm::Maximum ? LineForm::Steps : LineForm::Curve};
    if (!drawn.spots.empty()) panel.lines.push_back(std::move(drawn));
  }
  for (FigureLine& line : baselines_of(split, results)) panel.lines.push_back(std::move(line));
  if (panel.lines.empty()) panel.title += panel.title.empty() ? "missing" : " (missing)";
  return panel;
}

std::string band_note(const Figure& figure) {
  std::size_t most = 0;
  for (const Panel& panel : figure.panels) {
    for (const FigureLine& line : panel.lines) {
      for (const Spot& spot : line.spots) most = std::max(most, spot.n);
    }
  }
  if (most == 0) return "";
  return most == 1
             ? "One seed: no bands."
             : fmt::format("Means and bands from lowest to highest over up to {} seeds.", most);
}

// Rows by the first keys, columns by the last.
std::size_t columns_of(const Spec& spec, const ProfileResults& results) {
  if (spec.columns > 0) return spec.columns;
  const SpecPanel& first = spec.panels.front();
  if (first.panels_by.empty()) return std::min<std::size_t>(2, spec.panels.size());
  const std::vector<ResultRow> rows = all_rows(first, results, {});
  return std::max<std::size_t>(1, setting_values(rows, first.panels_by.back()).size());
}

}  // namespace

MadeFigure make_figure(const Spec& spec, const ProfileResults& results) {
  Figure figure{.id = spec.id,
                .title = spec.title,
                .description = spec.caption,
                .columns = columns_of(spec, results),
                .panels = {},
                .notes = {}};
  std::vector<std::string> grids;
  for (const SpecPanel& panel : spec.panels) {
    for (const Split& one : split(panel, results))
      figure.panels.push_back(make_panel(one, results));
    for (const std::string& grid : grids_of(panel)) {
      if (std::ranges::find(grids, grid) == grids.end()) grids.push_back(grid);
    }
  }
  figure.notes = condition_notes(spec, results, grids);
  if (const std::string note = band_note(figure); !note.empty())
    figure.notes.insert(figure.notes.begin() + 1, note);
  return {std::move(figure), mark_of(results, grids)};
}

}  // namespace pollard

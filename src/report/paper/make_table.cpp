#include "report/paper/make_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report/paper/condition_notes.h"
#include "report/paper/goal_table.h"
#include "report/paper/row_sets.h"
#include "report/paper/words.h"
#include "report/values.h"

namespace pollard {
namespace {

// What the table shows, for programs.
TextTable plain_values(const PaperTable& table) {
  TextTable values;
  for (const PaperColumn& column : table.columns)
    values.columns.push_back({column.header, column.align});
  for (const auto& row : table.rows) {
    values.rows.emplace_back();
    for (const PaperCell& cell : row) values.rows.back().push_back(cell.text);
  }
  return values;
}

void fill_settings(PaperTable& table, const Spec& spec, const ProfileResults& results) {
  table.columns.push_back({"", "", Align::Left});
  for (const std::string& header : spec.table.headers)
    table.columns.push_back({"", header, Align::Left});
  for (const NamedRows& line : lines_of(spec.table.rows, results)) {
    table.rows.push_back({{line.name}});
    for (const std::string& key : spec.table.keys)
      table.rows.back().push_back({all_words(line.rows, key)});
  }
}

void fill_facts(PaperTable& table, const Spec& spec) {
  for (const std::string& header : spec.table.headers)
    table.columns.push_back({"", header, Align::Left});
  for (const std::vector<std::string>& facts : spec.table.facts) {
    table.rows.emplace_back();
    for (const std::string& fact : facts) table.rows.back().push_back({fact});
  }
}

TextTable published_table(const std::vector<Published>& published) {
  TextTable table{{{"published", Align::Left},
                   {"network", Align::Left},
                   {"setting", Align::Left},
                   {"sparsity %"},
                   {"top-1 %"},
                   {"source", Align::Left}},
                  {}};
  for (const Published& one : published)
    table.rows.push_back({one.what, one.network, one.setting, percent(one.sparsity),
                          fixed(one.top1, 2), one.source});
  return table;
}

}  // namespace

PaperTable make_table(const Spec& spec, const ProfileResults& results) {
  PaperTable table{.id = spec.id,
                   .title = spec.title,
                   .caption = spec.caption,
                   .columns = {},
                   .rows = {},
                   .published = published_table(spec.table.published),
                   .notes = spec.notes,
                   .values = {}};
  if (spec.table.layout == TableLayout::Facts) {
    fill_facts(table, spec);
    table.mark = Mark::Reproduced;  // words need no runs
  } else {
    const std::vector<std::string> grids = grids_of(spec.table.rows);
    table.mark = mark_of(results, grids);
    table.notes = condition_notes(spec, results, grids);
    if (spec.table.layout == TableLayout::Settings) fill_settings(table, spec, results);
  }
  if (spec.table.layout == TableLayout::Goals) {
    fill_goals(table, spec, results);
  } else {
    table.values = plain_values(table);
  }
  return table;
}

}  // namespace pollard

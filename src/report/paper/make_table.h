// A specification's table, filled with what is finished, as Markdown, LaTeX and CSV.
#pragma once

#include <string>
#include <vector>

#include "report/paper/grid_results.h"
#include "report/paper/spec.h"
#include "report/table.h"

namespace pollard {

struct PaperCell {
  std::string text;
  bool bold = false;
};

struct PaperColumn {
  std::string group;   // above the headers of neighbours that share it: "90 %"; may be ""
  std::string header;  // "top-1 %"
  Align align = Align::Right;
};

struct PaperTable {
  std::string id, title, caption;
  std::vector<PaperColumn> columns;
  std::vector<std::vector<PaperCell>> rows;  // a cell a column
  TextTable published;                       // numbers of others; no rows where there are none
  std::vector<std::string> notes;            // marks, conditions, what is missing
  /// For programs and for tracing: of goals a line for each row and goal, with plain numbers, mark,
  /// settings, seeds and ids of the configurations; else what the table shows.
  TextTable values;
  Mark mark = Mark::Missing;  // of the whole
};

/// A goal's cells are those of the configuration with the best mean accuracy among those whose mean
/// sparsity over seeds is within the tolerance; a dash where no finished one is (methods.md 1.2).
[[nodiscard]] PaperTable make_table(const Spec& spec, const ProfileResults& results);

[[nodiscard]] std::string to_markdown(const PaperTable& table);
/// A `table` float with booktabs' rules; needs \usepackage{booktabs} alone.
[[nodiscard]] std::string to_latex(const PaperTable& table);

}  // namespace pollard

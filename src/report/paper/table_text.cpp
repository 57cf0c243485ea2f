// A paper's table as Markdown, whose headers cannot span columns, and as LaTeX.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/paper/latex.h"
#include "report/paper/make_table.h"

namespace pollard {
namespace {

constexpr std::size_t kManyColumns = 10;  // from there on the text is made small

bool opens_group(const PaperTable& table, std::size_t column) {
  const std::string& group = table.columns[column].group;
  return !group.empty() && (column == 0 || table.columns[column - 1].group != group);
}

std::size_t group_end(const PaperTable& table, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < table.columns.size() && table.columns[end].group == table.columns[begin].group)
    ++end;
  return end;
}

TextTable flat(const PaperTable& table) {
  TextTable text;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const PaperColumn& column = table.columns[c];
    text.columns.push_back(
        {opens_group(table, c) ? column.group + ": " + column.header : column.header,
         column.align});
  }
  for (const auto& row : table.rows) {
    text.rows.emplace_back();
    for (const PaperCell& cell : row)
      text.rows.back().push_back(cell.bold ? "**" + cell.text + "**" : cell.text);
  }
  return text;
}

std::string latex_line(const std::vector<std::string>& cells) {
  return fmt::format("{} \\\\\n", fmt::join(cells, " & "));
}

// What spans columns, and the rules below it.
std::string group_lines(const PaperTable& table) {
  std::string cells, rules;
  for (std::size_t c = 0; c < table.columns.size();) {
    const std::size_t end = table.columns[c].group.empty() ? c + 1 : group_end(table, c);
    if (c > 0) cells += " & ";
    if (!table.columns[c].group.empty()) {
      cells += fmt::format("\\multicolumn{{{}}}{{c}}{{{}}}", end - c,
                           latex_text(table.columns[c].group));
      rules += fmt::format("\\cmidrule(lr){{{}-{}}}", c + 1, end);
    }
    c = end;
  }
  return rules.empty() ? "" : cells + " \\\\\n" + rules + "\n";
}

std::string latex_cell(const PaperCell& cell) {
  const std::string text = latex_text(cell.text);
  return cell.bold ? "\\textbf{" + text + "}" : text;
}

std::string latex_tabular(const PaperTable& table) {
  std::string alignment, text;
  std::vector<std::string> headers;
  for (const PaperColumn& column : table.columns) {
    alignment += column.align == Align::Left ? 'l' : 'r';
    headers.push_back(latex_text(column.header));
  }
  text = "\\begin{tabular}{" + alignment + "}\n\\toprule\n" + group_lines(table) +
         latex_line(headers) + "\\midrule\n";
  for (const auto& row : table.rows) {
    std::vector<std::string> cells;
    for (const PaperCell& cell : row) cells.push_back(latex_cell(cell));
    text += latex_line(cells);
  }
  return text + "\\bottomrule\n\\end{tabular}\n";
}

PaperTable of_published(const TextTable& published) {
  PaperTable table;
  for (const Column& column : published.columns)
    table.columns.push_back({"", column.header, column.align});
  for (const auto& row : published.rows) {
    table.rows.emplace_back();
    for (const std::string& cell : row) table.rows.back().push_back({cell});
  }
  return table;
}

}  // namespace

std::string to_markdown(const PaperTable& table) {
  std::string text = "# " + table.title + "\n\n";
  if (!table.caption.empty()) text += table.caption + "\n\n";
  text += to_markdown(flat(table)) + "\n";
  for (const std::string& note : table.notes) text += "- " + note + "\n";
  if (!table.published.rows.empty())
    text += "\nPublished, for comparison:\n\n" + to_markdown(table.published);
  return text;
}

std::string to_latex(const PaperTable& table) {
  std::string text = "\\begin{table}\n\\centering\n";
  text += fmt::format("\\caption{{{}}}\n\\label{{tab:{}}}\n",
                      latex_text(table.title + (table.caption.empty() ? "" : " " + table.caption)),
                      table.id);
  text += table.columns.size() > kManyColumns ? "\\scriptsize\n\\setlength{\\tabcolsep}{2pt}\n"
                                              : "\\small\n\\setlength{\\tabcolsep}{4pt}\n";
  text += latex_tabular(table);
  if (!table.published.rows.empty())
    text += "\n\\par\\medskip Published, for comparison:\\par\\smallskip\n" +
            latex_tabular(of_published(table.published));
  text += "\n\\par\\medskip\\footnotesize\n";
  for (const std::string& note : table.notes) text += latex_text(note) + "\\par\n";
  return text + "\\end{table}\n";
}

}  // namespace pollard

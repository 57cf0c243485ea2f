#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/terminal_text.h"
#include "report/stages.h"
#include "report/values.h"

namespace pollard {
namespace {

std::string padded(std::string_view text, std::size_t width, Align align) {
  const std::string space(width - std::min(width, columns(text)), ' ');
  return align == Align::Left ? std::string(text) + space : space + std::string(text);
}

std::size_t column_width(const TextTable& table, std::size_t column) {
  std::size_t width = columns(table.columns[column].header);
  for (const auto& row : table.rows) width = std::max(width, columns(row.at(column)));
  return width;
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string to_text(const TextTable& table) {
  std::vector<std::string> lines(1 + table.rows.size());
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const std::string_view gap = c == 0 ? "" : "  ";
    const std::size_t width = column_width(table, c);
    const Align align = table.columns[c].align;
    lines[0] += gap;
    lines[0] += padded(table.columns[c].header, width, align);
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      lines[r + 1] += gap;
      lines[r + 1] += padded(table.rows[r][c], width, align);
    }
  }
  std::string text;
  for (std::string& line : lines) text += without_trailing_spaces(std::move(line)) + "\n";
  return text;
}

std::string to_markdown(const TextTable& table) {
  std::string text, rule;
  const auto cell = [](std::string_view content) {
    std::string escaped;
    for (const char c : content) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
    return " " + escaped + " |";
  };
  for (const Column& column : table.columns) {
    text += cell(column.header);
    rule += column.align == Align::Left ? " --- |" : " ---: |";
  }
  text = "|" + text + "\n|" + rule + "\n";
  for (const auto& row : table.rows) {
    text += "|";
    for (const std::string& content : row) text += cell(content);
    text += "\n";
  }
  return text;
}

std::string to_csv(const TextTable& table) {
  std::string text;
  const auto add = [&text](const std::string& content, bool first) {
    if (!first) text += ",";
    if (content.find_first_of(",\"\n\r") == std::string::npos) {
      text += content;
      return;
    }
    text += '"';
    for (const char c : content) text += c == '"' ? std::string(2, '"') : std::string(1, c);
    text += '"';
  };
  for (std::size_t c = 0; c < table.columns.size(); ++c) add(table.columns[c].header, c == 0);
  text += "\n";
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) add(row[c], c == 0);
    text += "\n";
  }
  return text;
}

TextTable stage_table(const nlohmann::json& result) {
  TextTable table{{{"stage", Align::Left},
                   {"epochs"},
                   {"top-1 %"},
                   {"loss"},
                   {"sparsity %"},
                   {"theoretical speedup"},
                   {"seconds"}},
                  {}};
  for (const StageView& stage : view_stages(result)) {
    const nlohmann::json& json = *stage.json;
    table.rows.push_back({stage.title, shortest(find_number(json, {"epochs"})),
                          fixed(find_number(json, {"test", "top1"}), 2),
                          fixed(find_number(json, {"test", "loss"}), 3),
                          percent(find_number(json, {"sparsity", "prunable"})),
                          times(find_number(json, {"theoretical_speedup"})),
                          fixed(find_number(json, {"seconds"}), 1)});
  }
  return table;
}

std::string result_table(const nlohmann::json& result) {
  std::string text = to_text(stage_table(result));
  if (const auto ratio = find_number(result, {"time_ratio"})) {
    text += fmt::format("time ratio {:.2f} (all stages over training the dense network)\n", *ratio);
  }
  return text;
}

}  // namespace pollard

// Text tables for the terminal, and the table of a run's stages.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pollard {

enum class Align { Left, Right };

struct Column {
  std::string header;
  Align align = Align::Right;
};

struct TextTable {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // a cell a column
};

/// A header line and one line a row; columns two spaces apart, no trailing spaces.
[[nodiscard]] std::string to_text(const TextTable& table);

/// The same for Markdown, with numbers to the right.
[[nodiscard]] std::string to_markdown(const TextTable& table);
/// The same as comma-separated values (RFC 4180, but lines end in \n alone).
[[nodiscard]] std::string to_csv(const TextTable& table);

/// One row a stage of result.json: stage, epochs, top-1 %, loss, sparsity %, theoretical speedup,
/// seconds. A pruned network that was not retrained says so.
[[nodiscard]] TextTable stage_table(const nlohmann::json& result);

/// The table of stages and, where result.json has it, the time ratio.
[[nodiscard]] std::string result_table(const nlohmann::json& result);

}  // namespace pollard

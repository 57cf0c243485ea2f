#include "report/sweep_table.h"

#include <fmt/format.h>

#include "report/groups.h"

namespace pollard {
namespace {

struct Measure {
  const char *name, *header;
  const char* format;
};
constexpr Measure kMeasures[] = {{"top1", "top-1 %", "{:.2f}"},
                                 {"loss", "loss", "{:.4f}"},
                                 {"sparsity", "sparsity", "{:.5f}"},
                                 {"theoretical_speedup", "theoretical speedup", "{:.2f}"},
                                 {"pruned_top1", "pruned top-1 %", "{:.2f}"},
                                 {"retrain_epochs", "retraining epochs", "{:.0f}"}};

std::string cell(const ResultRow& row, const Measure& measure) {
  const auto number = measure_of(row, measure.name);
  return number ? fmt::format(fmt::runtime(measure.format), *number) : "-";
}

}  // namespace

TextTable sweep_table(std::span<const ResultRow> rows, std::span<const std::string> axes) {
  TextTable table;
  for (const std::string& axis : axes) table.columns.push_back({axis, Align::Left});
  for (const Measure& measure : kMeasures) table.columns.push_back({measure.header});
  for (const ResultRow& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& axis : axes) {
      const auto value = row.settings.find(axis);
      cells.push_back(value == row.settings.end() ? "-" : value->second);
    }
    for (const Measure& measure : kMeasures) cells.push_back(cell(row, measure));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

nlohmann::json sweep_json(std::span<const ResultRow> rows) {
  nlohmann::json all = nlohmann::json::array();
  for (const ResultRow& row : rows)
    all.push_back({{"id", row.id}, {"settings", row.settings}, {"measures", row.measures}});
  return all;
}

}  // namespace pollard

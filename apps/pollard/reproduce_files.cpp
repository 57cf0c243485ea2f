#include "reproduce_files.h"

#include <fmt/format.h>

#include <map>
#include <sstream>
#include <utility>

#include "core/files.h"
#include "experiment/store/configuration.h"
#include "report/paper/claims.h"
#include "report/paper/heat_map.h"
#include "report/paper/make_figure.h"
#include "report/paper/make_table.h"
#include "report/paper/measured_speed.h"
#include "report/pdf.h"
#include "report/values.h"

namespace pollard::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kOverview = "README.md";

// Writes the files of one item and remembers their names.
class Writer {
 public:
  Writer(const Spec& spec, const fs::path& folder) : folder_(folder) { written_.id = spec.id; }

  void add(const std::string& ending, const std::string& text) {
    const std::string name = written_.id + ending;
    write_file(folder_ / name, text);
    written_.files.push_back(name);
  }
  // A file that is there already.
  void has(const std::string& ending) { written_.files.push_back(written_.id + ending); }
  void add_drawing(const std::string& svg) {
    add(".svg", svg);
    if (pdf_available()) add(".pdf", svg_to_pdf(svg));
  }
  WrittenItem take(const std::string& title, Mark mark) {
    written_.title = title;
    written_.mark = mark;
    return std::move(written_);
  }

 private:
  const fs::path& folder_;
  WrittenItem written_;
};

DensitiesById densities_of(const std::vector<std::string>& ids, const Store& store) {
  DensitiesById densities;
  for (const std::string& id : ids) {
    json stages = json::array();
    for (const std::string& stage : read_configuration(store, id).stages)
      stages.push_back(store.read(stage).result);
    densities[id] = layer_densities(stages);
  }
  return densities;
}

void add_note(std::vector<std::string>& notes, const std::string& note) {
  if (!note.empty()) notes.push_back(note);
}

std::string environment_text(const json& environment) {
  return fmt::format(
      "pollard {}, LibTorch {}, {}, {}, device {}", find_text(environment, {"pollard"}),
      find_text(environment, {"libtorch"}), find_text(environment, {"cpu"}),
      counted(static_cast<std::size_t>(find_number(environment, {"threads"}).value_or(0)),
              "thread"),
      find_text(environment, {"device"}));
}

std::string conditions_of(const ProfileResults& results, const std::vector<std::string>& grids) {
  std::set<std::string> texts;
  for (const std::string& name : grids) {
    const GridResults* grid = results.find(name);
    if (grid != nullptr) texts.insert(grid->conditions.begin(), grid->conditions.end());
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

std::string heading_of(std::string_view profile) {
  return fmt::format("# \"Back to Basics\" (arXiv 2111.00843), profile `{}`", profile);
}

std::string row_of(const WrittenItem& item) {
  std::string row = fmt::format("| {} | {} | {} |", item.id, item.title, mark_text(item.mark));
  for (const std::string& file : item.files)
    row += fmt::format(" [{}]({})", fs::path(file).extension().string().substr(1), file);
  return row + " |";
}

}  // namespace

WrittenItem write_item(const Spec& spec, const ProfileResults& results, const Store& store,
                       const fs::path& folder, const json& measured) {
  Writer writer(spec, folder);
  const std::string conditions = conditions_of(results, spec.grids);
  if (spec.kind == SpecKind::Table) {
    PaperTable table = make_table(spec, results);
    add_note(table.notes, conditions);
    writer.add(".md", to_markdown(table));
    writer.add(".tex", to_latex(table));
    writer.add(".csv", to_csv(table.values));
    return writer.take(table.title, table.mark);
  }
  if (spec.kind == SpecKind::HeatMap) {
    HeatMap map = make_heat_map(spec, results, densities_of(heat_map_ids(spec, results), store));
    add_note(map.notes, conditions);
    writer.add_drawing(draw_heat_map(map));
    writer.add(".csv", to_csv(heat_map_values(map)));
    return writer.take(map.title, map.mark);
  }
  const bool speed = spec.kind == SpecKind::Speed;
  MadeFigure made = speed ? make_speed_figure(spec, results, measured) : make_figure(spec, results);
  add_note(made.figure.notes, conditions);
  writer.add_drawing(draw_figure(made.figure));
  writer.add(".csv",
             to_csv(speed ? measured_values(spec, results, measured) : figure_values(made.figure)));
  if (!measured.is_null()) writer.has(".json");
  return writer.take(made.figure.title, made.mark);
}

OverviewRows rows_there(const fs::path& folder, std::string_view profile) {
  OverviewRows rows;
  if (!fs::exists(folder / kOverview)) return rows;
  std::istringstream lines(read_text(folder / kOverview));
  std::string line;
  if (!std::getline(lines, line) || line != heading_of(profile)) return rows;
  while (std::getline(lines, line)) {
    if (!line.starts_with("| ")) continue;
    const std::string id = line.substr(2, line.find(' ', 2) - 2);
    if (fs::exists(folder / (id + ".csv"))) rows[id] = line;
  }
  return rows;
}

void write_overview(const std::vector<WrittenItem>& items, OverviewRows rows,
                    std::span<const std::string> ids, const ProfileResults& results,
                    const fs::path& folder) {
  std::vector<std::string> grids;
  for (const auto& [name, grid] : results.grids) grids.push_back(name);
  std::string text = fmt::format(
      "{}\n\nMade by `pollard reproduce`; every number comes from the stages that the CSV files "
      "name.\n\n{}\n\n| | | | files |\n| --- | --- | --- | --- |\n",
      heading_of(results.profile), conditions_of(results, grids));
  for (const WrittenItem& item : items) rows[item.id] = row_of(item);
  for (const std::string& id : ids) {
    if (rows.contains(id)) text += rows[id] + "\n";
  }
  const auto rows_of = [&](const std::string& kind) {
    std::vector<ResultRow> rows;
    for (const auto& [name, grid] : results.grids) {
      if (name.starts_with(kind)) rows.insert(rows.end(), grid.rows.begin(), grid.rows.end());
    }
    return rows;
  };
  text += "\nThe paper's three claims, held against these results:\n\n" +
          make_claims(rows_of("allocations-"), rows_of("budget-"), results.ignored());
  write_file(folder / kOverview, text);
}

std::set<std::string> conditions_of(std::span<const ResultRow> rows, const Store& store) {
  std::set<std::string> texts;
  for (const ResultRow& row : rows) texts.insert(environment_text(store.read(row.id).environment));
  return texts;
}

}  // namespace pollard::app

#include "report/paper/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report/paper/condition_notes.h"
#include "report/paper/row_sets.h"
#include "report/paper/words.h"
#include "report/values.h"

namespace pollard {
namespace {

void add_layers(HeatMap& map, const std::vector<LayerDensity>& densities) {
  for (const LayerDensity& one : densities) {
    if (std::ranges::find(map.layers, one.layer) == map.layers.end())
      map.layers.push_back(one.layer);
  }
}

struct Sum {
  double sum = 0;
  std::size_t n = 0;
};

HeatMap::Line line_of(const NamedRows& named, const std::vector<std::string>& layers,
                      const DensitiesById& densities) {
  HeatMap::Line line{.name = named.name, .densities = {}, .n = 0, .origin = {}};
  std::map<std::string, Sum> sums;
  std::set<std::string> seeds;
  for (const ResultRow& row : named.rows) {
    const auto found = densities.find(row.id);
    if (found == densities.end() || found->second.empty()) continue;
    line.origin.push_back(row.id);
    seeds.insert(setting_of(row, "seed"));
    for (const LayerDensity& one : found->second) {
      sums[one.layer].sum += one.density;
      ++sums[one.layer].n;
    }
  }
  line.n = seeds.size();
  for (const std::string& layer : layers) {
    const auto sum = sums.find(layer);
    line.densities.push_back(
        sum == sums.end() ? std::nullopt
                          : std::optional(sum->second.sum / static_cast<double>(sum->second.n)));
  }
  return line;
}

}  // namespace

std::vector<LayerDensity> layer_densities(const nlohmann::json& stages) {
  std::vector<LayerDensity> densities;
  for (const nlohmann::json& stage : stages) {
    const nlohmann::json& layers = find_value(stage, {"layers"});
    if (!layers.is_array()) continue;
    densities.clear();
    for (const nlohmann::json& layer : layers) {
      const auto kept = find_number(layer, {"kept"}), of = find_number(layer, {"of"});
      if (kept && of && *of > 0) densities.push_back({find_text(layer, {"name"}), *kept / *of});
    }
  }
  return densities;
}

std::vector<std::string> heat_map_ids(const Spec& spec, const ProfileResults& results) {
  std::vector<std::string> ids;
  for (const ResultRow& row : all_rows(spec.panels.front(), results)) ids.push_back(row.id);
  return ids;
}

HeatMap make_heat_map(const Spec& spec, const ProfileResults& results,
                      const DensitiesById& densities) {
  const SpecPanel& panel = spec.panels.front();
  const std::vector<std::string> grids = grids_of(panel);
  const std::vector<ResultRow> rows = all_rows(panel, results);
  HeatMap map{.id = spec.id,
              .title = filled_title(spec.title, rows, panel.grid),
              .description = filled_title(spec.caption, rows, panel.grid),
              .layers = {},
              .lines = {},
              .notes = condition_notes(spec, results, grids),
              .mark = mark_of(results, grids)};
  for (const ResultRow& row : rows) {
    if (const auto found = densities.find(row.id); found != densities.end())
      add_layers(map, found->second);
  }
  for (const NamedRows& named : lines_of(panel, results)) {
    HeatMap::Line line = line_of(named, map.layers, densities);
    if (line.n > 0) map.lines.push_back(std::move(line));
  }
  return map;
}

TextTable heat_map_values(const HeatMap& map) {
  TextTable table{{{"layer", Align::Left}}, {}};
  for (const HeatMap::Line& line : map.lines) table.columns.push_back({line.name});
  for (std::size_t layer = 0; layer < map.layers.size(); ++layer) {
    table.rows.push_back({map.layers[layer]});
    for (const HeatMap::Line& line : map.lines) {
      const auto density = line.densities[layer];
      table.rows.back().push_back(density ? fmt::format("{}", *density) : "");
    }
  }
  return table;
}

}  // namespace pollard

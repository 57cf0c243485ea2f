// The density of each layer under each allocation, as colours: what the paper did not have.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/paper/grid_results.h"
#include "report/paper/spec.h"
#include "report/table.h"

namespace pollard {

struct LayerDensity {
  std::string layer;
  double density = 0;  // kept / of
};
/// Of the last of the stages that lists its layers; entries of "stages" in result.json.
[[nodiscard]] std::vector<LayerDensity> layer_densities(const nlohmann::json& stages);

struct HeatMap {
  std::string id, title, description;
  std::vector<std::string> layers;  // columns, in the network's order
  struct Line {
    std::string name;                              // "ERK, 95 %"
    std::vector<std::optional<double>> densities;  // a layer each, mean over seeds
    std::size_t n = 0;                             // seeds
    std::vector<std::string> origin;               // ids of the configurations
  };
  std::vector<Line> lines;
  std::vector<std::string> notes;
  Mark mark = Mark::Missing;
};

/// What the layers of finished configurations kept, by the configuration's id.
using DensitiesById = std::map<std::string, std::vector<LayerDensity>>;
/// Ids whose layers `make_heat_map` wants.
[[nodiscard]] std::vector<std::string> heat_map_ids(const Spec& spec,
                                                    const ProfileResults& results);
[[nodiscard]] HeatMap make_heat_map(const Spec& spec, const ProfileResults& results,
                                    const DensitiesById& densities);

/// A whole SVG file; colours by the logarithm of the density, numbers beside the scale.
[[nodiscard]] std::string draw_heat_map(const HeatMap& map);
/// A line a layer and a column a line of the map: densities as fractions.
[[nodiscard]] TextTable heat_map_values(const HeatMap& map);

}  // namespace pollard

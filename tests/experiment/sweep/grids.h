// Grids from the text of a file, for their tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/example_parameters.h"
#include "core/files.h"
#include "core/parameters.h"
#include "experiment/sweep/grid.h"
#include "support/temporary_folder.h"

namespace pollard::test {

inline const ParameterTable& grid_table() {
  static const ParameterTable table = example_table();
  return table;
}

/// Of a file named a.toml.
inline Grid grid_of(std::string_view text, const std::vector<std::string>& overrides = {}) {
  const TemporaryFolder folder;
  write_file(folder / "a.toml", text);
  return read_grid(folder / "a.toml", overrides, grid_table());
}

/// The point's values of the keys, "0.1 2"; "-" for one that is not given.
inline std::string values_of(const Config& point, const std::vector<std::string>& keys) {
  std::string values;
  for (const std::string& key : keys) {
    if (!values.empty()) values += ' ';
    values += point.given(key) ? to_text(point.value(key)) : std::string("-");
  }
  return values;
}

/// The axes' values, point by point.
inline std::vector<std::string> points_of(const Grid& grid) {
  std::vector<std::string> points;
  for (const Config& point : grid.points) points.push_back(values_of(point, grid.axes));
  return points;
}

}  // namespace pollard::test

// What a sweep's file and the overrides on top of it say, before it is expanded to points; the
// format is in grid.h.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "experiment/sweep/grid_setting.h"

namespace pollard {

/// Axes that go together.
struct GridZip {
  std::vector<std::string> keys;
  std::string place;
};

/// Points with one of the values of each key.
struct GridExclusion {
  std::vector<GridSetting> settings;
  std::string place;
};

struct GridFile {
  std::string name;
  std::vector<GridSetting> settings;  // in the order that grid.h says
  std::vector<GridZip> zips;          // of axes only, equally long, each in one zip at most
  std::vector<GridExclusion> exclusions;
  [[nodiscard]] const GridSetting* find(std::string_view key) const;
};

/// Throws as read_grid() does.
[[nodiscard]] GridFile read_grid_file(const std::filesystem::path& path,
                                      std::span<const std::string> overrides,
                                      const ParameterTable& table);

}  // namespace pollard

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

/// Settings that replace or join those of the file in a part of the sweep of its own.
struct GridVariant {
  std::string name;
  std::vector<GridSetting> settings;
  std::string place;
};

struct GridFile {
  std::string name;
  std::vector<GridSetting> settings;  // in the order that grid.h says
  std::vector<GridZip> zips;          // of axes only, equally long, each in one zip at most
  std::vector<GridExclusion> exclusions;
  std::vector<GridVariant> variants;
  [[nodiscard]] const GridSetting* find(std::string_view key) const;
};

/// The file as it is for one of its variants: what the command line says stays. Throws as
/// read_grid() does where axes that go together are not equally long then.
[[nodiscard]] GridFile with_variant(const GridFile& file, const GridVariant& variant);

/// Throws as read_grid() does.
[[nodiscard]] GridFile read_grid_file(const std::filesystem::path& path,
                                      std::span<const std::string> overrides,
                                      const ParameterTable& table);

}  // namespace pollard

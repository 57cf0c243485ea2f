#include "sweep_grid.h"

#include <algorithm>

#include "core/files.h"
#include "core/threads.h"
#include "experiment/parameters.h"
#include "experiment/sweep/grid_file.h"
#include "pollard/error.h"

namespace pollard::app {
namespace {

namespace fs = std::filesystem;

// One for all points, since it names what they share.
std::string shared(const Grid& grid, const char* key) {
  const std::string& value = grid.points.front().text(key);
  for (const Config& point : grid.points) {
    if (point.text(key) != value) {
      throw Error(ErrorCode::Config, std::string(key) + " cannot be an axis of a sweep",
                  "give one folder for all of it");
    }
  }
  return value;
}

}  // namespace

bool is_grid(const Arguments& arguments) {
  try {
    const GridFile file =
        read_grid_file(arguments.config_file, arguments.overrides, parameter_table());
    return std::ranges::any_of(file.settings, &GridSetting::axis);
  } catch (const Error&) {
    // Of an ordinary configuration read_config() says what is wrong with it.
    std::error_code ignored;
    return fs::is_regular_file(arguments.config_file, ignored) &&
           read_text(arguments.config_file).find("[sweep") != std::string::npos;
  }
}

SweepSetting read_sweep_setting(const Arguments& arguments) {
  SweepSetting setting;
  setting.grid = read_grid(arguments.config_file, arguments.overrides, parameter_table());
  Grid& grid = setting.grid;
  setting.folder = shared(grid, "out");
  setting.store = shared(grid, "store");
  if (setting.folder.empty()) setting.folder = fs::path("runs") / grid.name;
  if (setting.store.empty()) setting.store = fs::path("runs") / "store";
  for (Config& point : grid.points) {
    if (!point.given("threads") || point.integer("threads") == 0) point.apply("threads=1");
  }
  for (const Config& point : grid.points)
    setting.threads = std::max(setting.threads, static_cast<int>(point.integer("threads")));
  setting.workers = arguments.sweeps.workers > 0
                        ? arguments.sweeps.workers
                        : std::max(1, available_threads() / setting.threads);
  return setting;
}

}  // namespace pollard::app

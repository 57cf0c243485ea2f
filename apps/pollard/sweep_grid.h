// What `sweep` and `plan` of a grid start from.
#pragma once

#include <filesystem>

#include "experiment/sweep/grid.h"
#include "verbs.h"

namespace pollard::app {

struct SweepSetting {
  Grid grid;
  std::filesystem::path folder;  // of the sweep: out=, or runs/ and its name
  std::filesystem::path store;   // store=, or runs/store
  int threads = 1;               // of a worker, the most of all points
  int workers = 1;
};

/// Points run with one thread each unless `threads` says otherwise; as many workers as then fit.
[[nodiscard]] SweepSetting read_sweep_setting(const Arguments& arguments);

/// Whether the file and the overrides are more than one configuration.
[[nodiscard]] bool is_grid(const Arguments& arguments);
/// `plan` of a grid.
int plan_grid(const Arguments& arguments, Progress& progress);

}  // namespace pollard::app

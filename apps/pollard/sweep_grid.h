// What `sweep` and `plan` of a grid start from.
#pragma once

#include <cstdint>
#include <filesystem>

#include "experiment/store/store.h"
#include "experiment/sweep/grid.h"
#include "experiment/sweep/job_queue.h"
#include "experiment/sweep_plan.h"
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

/// What a grid takes, and what of it is done.
struct GridCost {
  std::size_t configurations = 0, stages = 0, done = 0;
  std::int64_t tree_epochs = 0, naive_epochs = 0, epochs_to_go = 0;
  double seconds_an_epoch = 0;  // of those that are done; 0 where none is

  /// 0 where nothing says how long an epoch takes.
  [[nodiscard]] double seconds_to_go(int workers) const {
    return seconds_an_epoch * static_cast<double>(epochs_to_go) / workers;
  }
};
[[nodiscard]] GridCost cost_of(const SweepPlan& plan, const JobQueue& queue, const Store& store);

/// Whether the file and the overrides are more than one configuration.
[[nodiscard]] bool is_grid(const Arguments& arguments);
/// `plan` of a grid.
int plan_grid(const Arguments& arguments, Progress& progress);

}  // namespace pollard::app

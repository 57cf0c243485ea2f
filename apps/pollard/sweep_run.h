// A sweep from its grid to its results; what `sweep` and `reproduce` share.
#pragma once

#include <cstddef>
#include <vector>

#include "experiment/store/configuration.h"
#include "sweep_grid.h"
#include "verbs.h"

namespace pollard::app {

struct SweepOutcome {
  std::vector<ResultRow> rows;  // of what is finished, as grid_results() has them
  std::size_t stages = 0, done = 0;
  [[nodiscard]] bool whole() const { return done == stages; }
};

/// Runs what is not in the store yet, and writes the sweep's folder. What fails is told; an
/// interrupt is thrown on.
SweepOutcome run_sweep(const SweepSetting& setting, const Arguments& arguments, Progress& progress);

}  // namespace pollard::app

// The tree of stages that a grid of configurations needs: what they share is there once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/parameters.h"
#include "experiment/store/configuration.h"
#include "experiment/sweep/job.h"
#include "pollard/progress.h"

namespace pollard {

struct SweepPlan {
  std::vector<Job> jobs;                      // every stage once, parents first; finished ones too
  std::vector<Configuration> configurations;  // one a point, in the points' order
  std::int64_t naive_epochs = 0;              // if every configuration were trained by itself
  std::int64_t tree_epochs = 0;               // as the tree has it
  bool with_data = true;  // false: the images are not there, so ids are good for looking only
};

/// Looking: jobs come without their configurations, and where there are no images the plan is made
/// without them.
enum class PlanFor { Looking, Running };

/// A retraining at a constant rate goes on from the longest shorter one that another configuration
/// of the grid wants, or that `store` has. Throws as run_chain() does for a point that cannot be.
[[nodiscard]] SweepPlan plan_sweep(const std::vector<Config>& points, const Store& store,
                                   PlanFor purpose, Progress& progress);

/// The chain of a job's configuration, for the worker.
void run_job(const Job& job, const Store& store, Progress& progress);

}  // namespace pollard

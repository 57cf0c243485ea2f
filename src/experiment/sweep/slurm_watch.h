// A sweep on a Slurm cluster as the process sees it that submits and watches it.
#pragma once

#include <chrono>
#include <filesystem>

#include "experiment/sweep/local_workers.h"
#include "experiment/sweep/slurm_script.h"

namespace pollard {

/// Submits what is not finished and watches until nothing more will come of any job; `interval`
/// between looks. Throws Error{Interrupted} after a signal: what was submitted goes on without us,
/// and the same sweep finds it again. Throws as SlurmLauncher does.
void run_on_slurm(const Store& store, JobQueue& queue, const std::filesystem::path& sweep_folder,
                  const SlurmOptions& options, std::chrono::milliseconds interval,
                  SweepObserver& observer);

}  // namespace pollard

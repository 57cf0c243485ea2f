// How far a running sweep is, out of its jobs.sqlite (docs/sweeps.md), which is only looked at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pollard {

struct SweepProgress {
  std::map<std::string, std::int64_t> jobs;  // how many are in each state
  std::int64_t epochs_done = 0, epochs = 0;  // of finished jobs, of all
  std::vector<std::string> running;          // labels
  /// At the rates of finished jobs of the same kind, on as many places as work now; none where no
  /// job works, or none like those that are left is finished.
  std::optional<double> seconds_left;
};

/// A job that says it runs and has not been heard of for two minutes waits: its sweep is gone. None
/// where there is no such file, or it cannot be read (now).
[[nodiscard]] std::optional<SweepProgress> read_sweep_progress(const std::filesystem::path& file);

}  // namespace pollard

// Runs the jobs of a sweep on this machine: one process a job (`pollard worker STORE ID`), several
// at a time. What a worker leaves in the store is what counts: whoever dies, and whenever, finished
// stages stay and the others go on from their checkpoints.
//
// A job belongs to its worker as long as that lives and gives signs of life: a lock on the job's
// work folder, which the system drops with the process, and a line every few seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/progress_format.h"
#include "experiment/sweep/job_queue.h"

namespace pollard {

struct LocalSettings {
  std::filesystem::path program;  // pollard
  std::filesystem::path logs;     // a file a job, of what its worker says
  int workers = 1;
  std::int64_t memory = 0;            // bytes that a worker is expected to take; 0: not known yet
  std::chrono::seconds silence{120};  // a worker that says nothing for so long is ended
  int most_attempts = 30;             // to end a job whose worker dies again and again
};

/// What a worker is doing.
struct WorkerView {
  std::string job;  // id
  BarState bar;     // as it shows its own progress
};

/// Who is told how it goes.
class SweepObserver {
 public:
  virtual ~SweepObserver() = default;
  virtual void on_state(const Job& job, JobState state, const std::string& why) = 0;
  /// A few times a second.
  virtual void on_look(const JobQueue& queue, const std::vector<WorkerView>& workers) = 0;
};

/// Marks what the store has as done, what has failed before as failed.
void take_states(const Store& store, JobQueue& queue);

/// Runs every job that can be run. A job that fails stops none but those behind it. Throws
/// Error{Interrupted} after a signal, once the workers have written their checkpoints.
void run_locally(const Store& store, JobQueue& queue, const LocalSettings& settings,
                 SweepObserver& observer);

}  // namespace pollard

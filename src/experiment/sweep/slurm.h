// Runs the jobs of a sweep on a Slurm cluster, whose nodes share the store's and the sweep's
// folder.
//
// Jobs become arrays: all that wait for the same unfinished parent are one, which starts when the
// parent's task has succeeded (afterok); those that can start at once are another. So Slurm keeps
// the order, and this process may end at any time: a later one finds what is in the queue by the
// names of the jobs (slurm_arrays.h) and goes on. What a task came to is told by the store; a task
// that has left the queue without a result or a failure there is submitted again.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/store/store.h"
#include "experiment/sweep/job.h"
#include "experiment/sweep/job_state.h"
#include "experiment/sweep/slurm_arrays.h"
#include "experiment/sweep/slurm_queue.h"
#include "experiment/sweep/slurm_script.h"

namespace pollard {

class SlurmLauncher {
 public:
  /// `jobs`: parents before children; `sweep_folder`: of this sweep alone. Writes the batch script
  /// and the jobs' files (keep_job); submits nothing yet. Throws Error{Io} or Error{Input}.
  SlurmLauncher(Store store, std::filesystem::path sweep_folder, std::vector<Job> jobs,
                SlurmOptions options);

  /// Looks at the queue and the store, submits what is neither there nor final, and tells how each
  /// job stands. For calls every few seconds. A job whose failure the store has is not submitted:
  /// forget_failure() before the first call tries it again. Throws Error{Io} where Slurm refuses,
  /// at the first call or ten times in a row: controllers are restarted now and then.
  const std::vector<JobStatus>& update();

  /// In order of the jobs, as of the last update().
  [[nodiscard]] const std::vector<JobStatus>& statuses() const { return statuses_; }
  [[nodiscard]] bool finished() const;
  [[nodiscard]] std::filesystem::path log_file(std::string_view id) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Place {
    std::string job;
    std::size_t task = 0;
  };
  struct Attempt {
    Place place;
    int resubmissions = 0;
    std::optional<Clock::time_point> missed;  // since when the queue and the store lack it
  };

  void look();
  void read_places();
  [[nodiscard]] std::optional<JobStatus> status_of(const Job& job);  // none: to be submitted
  [[nodiscard]] std::optional<JobStatus> status_of_missed(const Job& job, bool could_run);
  void submit(const std::map<std::string, std::vector<std::string>>& ids_by_parent);
  void submit_after(const std::string& parent, const std::vector<std::string>& ids);

  Store store_;
  std::filesystem::path folder_;
  std::vector<Job> jobs_;
  SlurmOptions options_;
  SlurmArrays arrays_;
  std::vector<JobStatus> statuses_;
  std::map<std::string, std::size_t> index_;     // of the jobs
  std::map<std::string, QueuedTask> queue_;      // by id, of the last look
  std::map<std::string, Attempt> attempts_;      // by id, since this process started
  std::map<std::string, std::string> given_up_;  // by id: why
  int refusals_ = 0;                             // in a row
  bool looked_ = false;
};

}  // namespace pollard

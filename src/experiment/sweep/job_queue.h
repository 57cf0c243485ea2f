// Which job is next: those whose parent is finished, the one with the most epochs behind it first,
// so that long chains do not end alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/sweep/job.h"
#include "experiment/sweep/job_state.h"

namespace pollard {

/// "pending", "running", "done", "failed", "interrupted", "blocked".
[[nodiscard]] std::string_view state_name(JobState state);

class JobQueue {
 public:
  /// Parents stand before their children. A parent that is not among the jobs counts as finished.
  explicit JobQueue(std::vector<Job> jobs);

  [[nodiscard]] std::span<const Job> jobs() const { return jobs_; }
  [[nodiscard]] JobState state(std::size_t job) const { return states_[job]; }
  void set(std::size_t job, JobState state) { states_[job] = state; }
  /// The next one to run, of those for which `allowed` is true.
  template <typename Allowed>
  [[nodiscard]] std::optional<std::size_t> next(const Allowed& allowed) const {
    for (const std::size_t job : order_) {
      if (is_ready(job) && allowed(job)) return job;
    }
    return {};
  }
  /// Pending or interrupted, and the parent is finished.
  [[nodiscard]] bool is_ready(std::size_t job) const;
  /// Not finished, and never will be: a job before it failed.
  [[nodiscard]] bool is_blocked(std::size_t job) const;
  [[nodiscard]] std::size_t count(JobState state) const;
  /// Of all jobs in this state.
  [[nodiscard]] std::int64_t epochs(JobState state) const;

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<Job> jobs_;
  std::vector<std::size_t> parents_;  // kNone: there is nothing to wait for
  std::vector<JobState> states_;
  std::vector<std::size_t> order_;
};

}  // namespace pollard

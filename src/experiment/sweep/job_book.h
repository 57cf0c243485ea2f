// The states of a sweep's jobs in SQLite (SWEEP/jobs.sqlite, docs/sweeps.md), for whoever wants to
// look while it runs. What counts is in the store: a book that is lost or damaged is begun anew.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "experiment/store/sqlite.h"
#include "experiment/sweep/job_queue.h"
#include "pollard/progress.h"

namespace pollard {

class JobBook {
 public:
  /// Opens or begins it, with these jobs in their present states.
  JobBook(std::filesystem::path file, const JobQueue& queue, Progress& progress);
  void set(std::string_view job, JobState state, std::string_view why);
  /// The jobs that run still do.
  void beat(std::span<const std::string> running);

 private:
  void begin(const JobQueue& queue);
  Database database_;
};

}  // namespace pollard

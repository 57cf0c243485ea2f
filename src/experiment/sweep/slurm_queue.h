// What Slurm is asked, through its commands: sbatch, squeue and scontrol. None of them needs
// Slurm's accounting database.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pollard {

/// A task of an array that waits or runs.
struct QueuedTask {
  std::string array;     // the name of its job
  std::string job;       // the array's number
  std::size_t task = 0;  // its number in the array
  bool running = false;
  std::string reason;  // why it waits, in Slurm's words
};

/// Runs sbatch; gives the job's number. Throws Error{Io} with what sbatch said.
[[nodiscard]] std::string submit_array(const std::vector<std::string>& sbatch_words);

/// The user's tasks in arrays whose names begin with `prefix`. Throws Error{Io} with what squeue
/// said.
[[nodiscard]] std::vector<QueuedTask> read_queue(std::string_view prefix);
/// The same of what squeue printed.
[[nodiscard]] std::vector<QueuedTask> parse_queue(std::string_view printed,
                                                  std::string_view prefix);

struct TaskEnd {
  bool cancelled = false;  // by somebody
  std::string reason;      // "TIMEOUT", "FAILED, exit status 127"; "" where Slurm has forgotten it
};

/// How a task ended: Slurm remembers that for some minutes.
[[nodiscard]] TaskEnd end_of_task(std::string_view job, std::size_t task);
/// The same of what scontrol printed.
[[nodiscard]] TaskEnd parse_end(std::string_view printed);

}  // namespace pollard

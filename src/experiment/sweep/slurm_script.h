// What Slurm is told: the batch script that each task of an array runs, and sbatch's arguments.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace pollard {

struct SlurmOptions {
  std::filesystem::path program = "pollard";  // as the nodes find it
  // As sbatch takes them ("02:00:00", "4G"); "": what the cluster has for a default.
  std::string partition = {}, time_limit = {}, memory = {};
  int cpus_per_task = 1;
  std::vector<std::string> extra = {};  // more arguments of sbatch
  std::size_t most_at_once = 0;         // tasks of one array that run at a time; 0: all
  std::size_t most_in_array = 1000;     // Slurm's MaxArraySize is 1001 by default
  int grace = 120;                      // seconds before the time limit to write a checkpoint
  int most_requeues = 50;               // of one task
  int busy_delay = 60;                  // seconds until a stage that is worked on is tried again
  int most_resubmissions = 3;           // of a task that has left the queue without a result
  int settle = 60;                      // seconds that a result may take to be seen here (NFS)
};

/// The script, whole. Its one argument is the list of stages: a task's id stands in the line of its
/// number in the array, counted from 1.
[[nodiscard]] std::string batch_script(const SlurmOptions& options,
                                       const std::filesystem::path& store);

struct SlurmArray {
  std::string name;              // of the job
  std::filesystem::path folder;  // of the list and the logs, TASK.log
  std::size_t tasks = 0;
  std::string after = {};  // "12_3": starts when that task has succeeded; "": at once
};

/// The list of stages in the array's folder.
[[nodiscard]] std::filesystem::path list_file(const std::filesystem::path& array_folder);

/// sbatch and its arguments.
[[nodiscard]] std::vector<std::string> sbatch_words(const SlurmOptions& options,
                                                    const SlurmArray& array,
                                                    const std::filesystem::path& script);

}  // namespace pollard

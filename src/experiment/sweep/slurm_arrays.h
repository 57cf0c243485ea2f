// The arrays that a sweep has submitted, as files in its folder:
//
//   SWEEP/slurm.json            {"format": 1, "jobs": {"1": "4711"}}: the array's job, once known
//   SWEEP/slurm/1/stages.txt    the ids of array 1, line by line; written before it is submitted
//   SWEEP/slurm/1/3.log         -> SWEEP/logs/ID.log: the log of a stage, whichever task works on
//   it
//
// A process that is killed between sbatch and slurm.json leaves a list, and in the queue a job
// whose name says which.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollard {

class SlurmArrays {
 public:
  struct Array {
    std::vector<std::string> ids;  // task 1 has the first
    std::string job = {};          // "" where it is not known
  };

  /// Reads what earlier processes wrote. Throws Error{Io}, or Error{Input} naming a damaged file.
  explicit SlurmArrays(std::filesystem::path sweep_folder);

  /// Keeps a new array's list and gives its number.
  [[nodiscard]] std::size_t add(std::span<const std::string> ids);
  void set_job(std::size_t array, const std::string& job);

  [[nodiscard]] std::filesystem::path folder(std::size_t array) const;
  /// Names of jobs: PREFIXnumber. The prefix tells this sweep's jobs from all others.
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  [[nodiscard]] std::string job_name(std::size_t array) const;
  /// The stage that this task of this job's name works on; "" where that is unknown.
  [[nodiscard]] std::string id_of(std::string_view job_name, std::size_t task) const;
  /// Notes the number of a job that was found in the queue.
  void found(std::string_view job_name, const std::string& job);

 private:
  void write() const;
  [[nodiscard]] std::size_t number_of(std::string_view job_name) const;

  std::filesystem::path folder_;
  std::string prefix_;
  std::map<std::size_t, Array> arrays_;
};

}  // namespace pollard

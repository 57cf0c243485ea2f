#include "experiment/sweep/slurm_queue.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "core/subprocess.h"
#include "pollard/error.h"

namespace pollard {
namespace {

// "job|task|state|name|reason": the reason, in Slurm's words, is the last.
constexpr const char* kFormat = "%F|%K|%T|%j|%r";

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

[[noreturn]] void refused(const std::string& program, const ProgramResult& result,
                          const std::string& hint) {
  const std::string said = first_line(result.errors.empty() ? result.output : result.errors);
  throw Error(
      ErrorCode::Io,
      fmt::format("'{}' ended with {}{}", program, result.status, said.empty() ? "" : ": " + said),
      hint);
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The value in "JobId=7 JobState=FAILED Reason=...".
std::string_view field(std::string_view printed, std::string_view name) {
  const std::string start = std::string(name) + "=";
  for (const std::string_view word : split(printed, ' ')) {
    if (word.starts_with(start)) return word.substr(start.size());
  }
  return {};
}

bool waits(std::string_view state) {
  return state == "PENDING" || state.starts_with("REQUEUE") || state == "SPECIAL_EXIT";
}

}  // namespace

std::string submit_array(const std::vector<std::string>& sbatch_words) {
  const ProgramResult result = run_program(sbatch_words);
  // "17", or "17;cluster".
  const std::string job(result.output.substr(0, result.output.find_first_of(";\n")));
  if (result.status != 0 || !is_number(job)) {
    refused("sbatch", result,
            "does the cluster have that partition, time, memory and number of CPUs? `sinfo` shows "
            "what it has");
  }
  return job;
}

std::vector<QueuedTask> read_queue(std::string_view prefix) {
  const ProgramResult result =
      run_program({"squeue", "--noheader", "--array", fmt::format("--user={}", ::geteuid()),
                   fmt::format("--format={}", kFormat)});
  if (result.status != 0) refused("squeue", result, "is Slurm's controller up? `scontrol ping`");
  return parse_queue(result.output, prefix);
}

std::vector<QueuedTask> parse_queue(std::string_view printed, std::string_view prefix) {
  std::vector<QueuedTask> tasks;
  for (const std::string_view line : split(printed, '\n')) {
    const std::vector<std::string_view> parts = split(line, '|');
    if (parts.size() < 4 || !parts[3].starts_with(prefix) || !is_number(parts[1])) continue;
    QueuedTask task{.array = std::string(parts[3]),
                    .job = std::string(parts[0]),
                    .task = 0,
                    .running = !waits(parts[2]),
                    .reason = {}};
    std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), task.task);
    if (!task.running && parts.size() > 4) task.reason = parts[4];
    tasks.push_back(std::move(task));
  }
  return tasks;
}

TaskEnd end_of_task(std::string_view job, std::size_t task) {
  const ProgramResult result =
      run_program({"scontrol", "show", "job", "--oneliner", fmt::format("{}_{}", job, task)});
  return result.status == 0 ? parse_end(result.output) : TaskEnd{};
}

TaskEnd parse_end(std::string_view printed) {
  const std::string line = first_line(printed);
  TaskEnd end;
  end.reason = field(line, "JobState");
  // That is Slurm's own doing: what it waited for has failed.
  end.cancelled = end.reason == "CANCELLED" && field(line, "Reason") != "DependencyNeverSatisfied";
  const std::string_view code = field(line, "ExitCode");  // "STATUS:SIGNAL"
  if (end.reason == "FAILED" && code.ends_with(":0"))
    end.reason += fmt::format(", exit status {}", code.substr(0, code.find(':')));
  return end;
}

}  // namespace pollard

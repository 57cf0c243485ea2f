#include "experiment/sweep/slurm.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "core/files.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;

constexpr int kMostRefusals = 10;

fs::path script_file(const fs::path& sweep_folder) { return sweep_folder / "slurm" / "worker.sh"; }

fs::path whole(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

}  // namespace

SlurmLauncher::SlurmLauncher(Store store, fs::path sweep_folder, std::vector<Job> jobs,
                             SlurmOptions options)
    : store_(std::move(store)),
      folder_(whole(sweep_folder)),
      jobs_(std::move(jobs)),
      options_(std::move(options)),
      arrays_(folder_),
      statuses_(jobs_.size()) {
  for (std::size_t j = 0; j < jobs_.size(); ++j) {
    const Job& job = jobs_[j];
    if (!job.parent.empty() && !index_.contains(job.parent) && !store_.holds(job.parent)) {
      throw Error(ErrorCode::Internal,
                  fmt::format("the job {} stands before {}, its parent", job.id, job.parent));
    }
    index_.emplace(job.id, j);
    if (!store_.holds(job.id)) keep_job(store_, job);
  }
  write_file(script_file(folder_), batch_script(options_, whole(store_.folder())));
}

const std::vector<JobStatus>& SlurmLauncher::update() {
  try {
    look();
    refusals_ = 0;
    looked_ = true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Io || !looked_ || ++refusals_ >= kMostRefusals) throw;
  }
  return statuses_;
}

bool SlurmLauncher::finished() const {
  return looked_ && std::ranges::all_of(
                        statuses_, [](const JobStatus& status) { return is_final(status.state); });
}

fs::path SlurmLauncher::log_file(std::string_view id) const {
  return folder_ / "logs" / (std::string(id) + ".log");
}

void SlurmLauncher::look() {
  // The queue first: what leaves it after this has its result in the store already.
  read_places();
  std::map<std::string, std::vector<std::string>> ids_by_parent;  // "": none that is unfinished
  for (std::size_t j = 0; j < jobs_.size(); ++j) {
    const Job& job = jobs_[j];
    if (auto status = status_of(job)) {
      statuses_[j] = *std::move(status);
      continue;
    }
    const bool ready = job.parent.empty() || store_.holds(job.parent);
    statuses_[j] = {JobState::Pending, "to be submitted"};
    ids_by_parent[ready ? "" : job.parent].push_back(job.id);
  }
  submit(ids_by_parent);
}

void SlurmLauncher::read_places() {
  queue_.clear();
  for (QueuedTask& task : read_queue(arrays_.prefix())) {
    const std::string id = arrays_.id_of(task.array, task.task);
    if (id.empty()) continue;
    arrays_.found(task.array, task.job);
    Attempt& attempt = attempts_[id];
    attempt.place = {task.job, task.task};
    attempt.missed.reset();
    queue_.insert_or_assign(id, std::move(task));
  }
}

std::optional<JobStatus> SlurmLauncher::status_of(const Job& job) {
  if (store_.holds(job.id)) return JobStatus{JobState::Done};
  if (const auto queued = queue_.find(job.id); queued != queue_.end()) {
    return JobStatus{queued->second.running ? JobState::Running : JobState::Pending,
                     queued->second.reason};
  }
  if (const auto failure = store_.failure(job.id))
    return JobStatus{JobState::Failed, failure->error};
  const auto parent = index_.find(job.parent);
  const JobState before = parent == index_.end() ? JobState::Done : statuses_[parent->second].state;
  if (is_final(before) && before != JobState::Done)
    return JobStatus{JobState::Blocked, "waits for " + job.parent};
  if (attempts_.contains(job.id)) return status_of_missed(job, before == JobState::Done);
  return std::nullopt;
}

std::optional<JobStatus> SlurmLauncher::status_of_missed(const Job& job, bool could_run) {
  // Slurm took it out of the queue, because what it waited for was interrupted: they go together.
  if (!could_run) return std::nullopt;
  if (const auto reason = given_up_.find(job.id); reason != given_up_.end())
    return JobStatus{JobState::Interrupted, reason->second};
  Attempt& attempt = attempts_.at(job.id);
  const auto now = Clock::now();
  if (!attempt.missed) attempt.missed = now;
  if (now - *attempt.missed < std::chrono::seconds(options_.settle))
    return JobStatus{JobState::Running, "has ended; its result is waited for"};
  const TaskEnd end = end_of_task(attempt.place.job, attempt.place.task);
  if (!end.cancelled && attempt.resubmissions < options_.most_resubmissions) {
    ++attempt.resubmissions;
    return std::nullopt;
  }
  std::string reason = end.reason.empty() ? "left the queue without a result" : end.reason;
  if (!end.cancelled) reason += fmt::format(", {} times", attempt.resubmissions + 1);
  reason += "; its log is '" + log_file(job.id).string() + "'";
  given_up_.emplace(job.id, reason);
  return JobStatus{JobState::Interrupted, reason};
}

void SlurmLauncher::submit(const std::map<std::string, std::vector<std::string>>& ids_by_parent) {
  if (const auto ready = ids_by_parent.find(""); ready != ids_by_parent.end())
    submit_after("", ready->second);
  for (const Job& parent : jobs_) {
    const auto children = ids_by_parent.find(parent.id);
    if (children != ids_by_parent.end()) submit_after(parent.id, children->second);
  }
}

void SlurmLauncher::submit_after(const std::string& parent, const std::vector<std::string>& ids) {
  std::string after;
  if (!parent.empty()) {
    // A parent that has ended, but whose result is not seen yet: with the next look.
    const auto place = queue_.find(parent);
    if (place == queue_.end()) return;
    after = fmt::format("{}_{}", place->second.job, place->second.task);
  }
  for (std::size_t start = 0; start < ids.size(); start += options_.most_in_array) {
    const auto part =
        std::span(ids).subspan(start, std::min(options_.most_in_array, ids.size() - start));
    const std::size_t number = arrays_.add(part);
    const SlurmArray array{.name = arrays_.job_name(number),
                           .folder = arrays_.folder(number),
                           .tasks = part.size(),
                           .after = after};
    const std::string job = submit_array(sbatch_words(options_, array, script_file(folder_)));
    arrays_.set_job(number, job);
    for (std::size_t task = 1; task <= part.size(); ++task) {
      const std::string& id = part[task - 1];
      Attempt& attempt = attempts_[id];
      attempt.place = {job, task};
      attempt.missed.reset();
      queue_[id] = {.array = array.name, .job = job, .task = task, .running = false, .reason = {}};
      statuses_[index_.at(id)] = {JobState::Pending, "submitted"};
    }
  }
}

}  // namespace pollard

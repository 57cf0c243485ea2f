#include "experiment/sweep/job_queue.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "pollard/error.h"

namespace pollard {

std::string_view state_name(JobState state) {
  switch (state) {
    case JobState::Pending:
      return "pending";
    case JobState::Running:
      return "running";
    case JobState::Done:
      return "done";
    case JobState::Failed:
      return "failed";
    case JobState::Interrupted:
      return "interrupted";
    case JobState::Blocked:
      return "blocked";
  }
  return "";
}

JobQueue::JobQueue(std::vector<Job> jobs)
    : jobs_(std::move(jobs)),
      parents_(jobs_.size(), kNone),
      states_(jobs_.size(), JobState::Pending),
      order_(jobs_.size()) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (const auto parent = places.find(jobs_[i].parent); parent != places.end())
      parents_[i] = parent->second;
    if (!places.emplace(jobs_[i].id, i).second)
      throw Error(ErrorCode::Internal, "the job " + jobs_[i].id + " twice");
  }
  // The longest way from each job to the end of the tree.
  std::vector<std::int64_t> behind(jobs_.size(), 0);
  for (std::size_t i = jobs_.size(); i-- > 0;) {
    if (parents_[i] != kNone)
      behind[parents_[i]] = std::max(behind[parents_[i]], behind[i] + jobs_[i].epochs);
  }
  for (std::size_t i = 0; i < jobs_.size(); ++i) behind[i] += jobs_[i].epochs;
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::ranges::stable_sort(order_, std::ranges::greater(),
                           [&](std::size_t i) { return behind[i]; });
}

bool JobQueue::is_ready(std::size_t job) const {
  const bool waits = states_[job] == JobState::Pending || states_[job] == JobState::Interrupted;
  return waits && (parents_[job] == kNone || states_[parents_[job]] == JobState::Done);
}

bool JobQueue::is_blocked(std::size_t job) const {
  if (states_[job] == JobState::Done || states_[job] == JobState::Failed) return false;
  for (std::size_t at = parents_[job]; at != kNone; at = parents_[at]) {
    if (states_[at] == JobState::Failed) return true;
  }
  return false;
}

std::size_t JobQueue::count(JobState state) const {
  return static_cast<std::size_t>(std::ranges::count(states_, state));
}

std::int64_t JobQueue::epochs(JobState state) const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < jobs_.size(); ++i) sum += states_[i] == state ? jobs_[i].epochs : 0;
  return sum;
}

}  // namespace pollard

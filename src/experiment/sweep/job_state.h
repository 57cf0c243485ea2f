// How a job of a sweep stands, whoever runs it.
#pragma once

#include <string>

namespace pollard {

enum class JobState {
  Pending,      // waits for its parent or for a place
  Running,      //
  Done,         // the store holds its stage
  Failed,       // Store::failure() says why
  Interrupted,  // ended without a result, and is not tried again
  Blocked,      // what it waits for failed or was interrupted for good
};

struct JobStatus {
  JobState state = JobState::Pending;
  std::string reason = {};  // for people; "" where the state says all
};

/// Whether nothing more will come of it.
[[nodiscard]] constexpr bool is_final(JobState state) {
  return state != JobState::Pending && state != JobState::Running;
}

}  // namespace pollard

// A job: one stage that is to be run, by `pollard worker STORE ID`, whoever starts that. What the
// worker needs stands in STORE/jobs/ID.json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/store/store.h"

namespace pollard {

struct Job {
  std::string id;           // of the stage
  std::string parent;       // that must be finished before; "" for the first of a chain
  std::string kind, label;  // as in StageRecord
  std::int64_t epochs = 0;  // left to train: less than the stage's where it extends a shorter one
  std::string config;       // complete, as TOML
};

/// Exit statuses of `pollard worker` beside those of every verb (0 done, 1 and 2 failed, with the
/// reason in Store::failure(), 130 and 143 interrupted after a checkpoint).
constexpr int kWorkerBusy = 75;  // another process works on this stage: try again later

/// Keeps what the worker needs, where it is not kept yet.
void keep_job(const Store& store, const Job& job);
/// Throws Error{Io} or Error{Input} naming the file.
[[nodiscard]] Job read_job(const Store& store, std::string_view id);
void forget_job(const Store& store, std::string_view id);

}  // namespace pollard

// The store: finished stages, each in a folder named by its id, for every run and sweep that needs
// them. What stands there never changes, and appears whole or not at all.
//
// clang-format off
//   STORE/ID/stage.json            what it is and what came of it (stage_record.h)
//   STORE/ID/state.safetensors     weights, velocity, masks: what the next stage starts from
//   STORE/ID/metrics.jsonl         the stage's own records
//   STORE/configurations/ID.json   who wants the chain that ends in ID (configuration.h)
//   STORE/work/ID/                 a stage under way: its run folder, with checkpoints
//   STORE/jobs/ID.json             what a worker needs to know of a stage (sweep/job.h)
//   STORE/failed/ID.json           why a stage could not be finished
//   STORE/index.sqlite             all that as tables; made anew from the files where it is lost
// clang-format on
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/store/stage_record.h"

namespace pollard {

/// Why a stage failed.
struct Failure {
  std::string error, hint;
};

class Store {
 public:
  /// Touches nothing yet.
  explicit Store(std::filesystem::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  /// Whether this stage is finished.
  [[nodiscard]] bool holds(std::string_view id) const;
  /// Whether it is, and its state is there still (`pollard store gc --states`).
  [[nodiscard]] bool holds_state(std::string_view id) const;
  /// All finished stages, in order of their ids.
  [[nodiscard]] std::vector<std::string> ids() const;
  /// Throws Error{Io} or Error{Input} naming the file.
  [[nodiscard]] StageRecord read(std::string_view id) const;
  [[nodiscard]] std::filesystem::path stage_folder(std::string_view id) const;
  [[nodiscard]] std::filesystem::path state_file(std::string_view id) const;
  [[nodiscard]] std::filesystem::path metrics_file(std::string_view id) const;
  /// Where a stage is worked on until it is finished.
  [[nodiscard]] std::filesystem::path work_folder(std::string_view id) const;

  /// A folder beside the finished ones, empty, for publish(). Its state file is the caller's.
  [[nodiscard]] std::filesystem::path draft(std::string_view id) const;
  /// Adds stage.json and metrics, syncs all, and gives the draft its name. Where the stage is
  /// finished already (by another process), that one stays and the draft goes.
  void publish(const std::filesystem::path& draft, const StageRecord& record,
               std::string_view metrics) const;

  /// What a process that died has left of a draft. Nothing where there is none.
  void remove_draft(std::string_view id, int process) const;
  /// Removes the work folder of a stage that is finished, unless a process works there.
  void remove_work(std::string_view id) const;

  /// The failure of the last attempt, if that is what it ended in.
  [[nodiscard]] std::optional<Failure> failure(std::string_view id) const;
  void write_failure(std::string_view id, const Failure& failure) const;
  void forget_failure(std::string_view id) const;

  /// The records from the first stage of the chain to this one. Throws as read() does.
  [[nodiscard]] std::vector<StageRecord> chain(std::string_view id) const;

 private:
  std::filesystem::path folder_;
};

/// The process whose draft a folder of this name in STORE/work is; none where it is none.
[[nodiscard]] std::optional<int> draft_process(std::string_view name);

/// Whether `text` can be the id of a stage.
[[nodiscard]] bool is_stage_id(std::string_view text);

}  // namespace pollard

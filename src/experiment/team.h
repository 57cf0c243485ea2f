// The processes that work on one run (docs/data-parallel.md), or one alone.
//
// All of them run the same stages on their share of each batch; rank 0 leads: it speaks, writes the
// run's folder and saves checkpoints, which the others read on a resume. What the others write goes
// into a scratch folder that is removed in the end.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/parameters.h"
#include "pollard/batches.h"
#include "pollard/engine.h"
#include "pollard/progress.h"
#include "train/process_group.h"

namespace pollard {

class Team {
 public:
  /// Alone.
  Team() = default;
  /// Alone, or with those that the environment names: waits for them.
  explicit Team(const Config& config);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  [[nodiscard]] ProcessGroup* group() const { return group_.get(); }  // null: alone
  [[nodiscard]] int size() const { return group_ ? group_->size() : 1; }
  [[nodiscard]] bool leads() const { return !group_ || group_->leads(); }

  /// The run's folder, or a scratch folder.
  [[nodiscard]] const std::filesystem::path& folder(const std::filesystem::path& run) const {
    return leads() ? run : scratch_;
  }
  [[nodiscard]] Progress& voice(Progress& progress) const {
    return leads() ? progress : silent_progress();
  }

  /// This process's part of the batches; the engine that makes one of all parts.
  [[nodiscard]] BatchSettings share(BatchSettings settings) const;
  [[nodiscard]] std::unique_ptr<Engine> share(std::unique_ptr<Engine> engine) const;
  /// Throws Error{Config} where batches cannot be shared as the settings ask.
  void check(const Graph& graph, std::int64_t images) const;

  /// What the leader says. All call it together.
  [[nodiscard]] std::string leaders(const std::string& text, const std::string& what) const;
  /// The signal that came to any of them, or 0. All call it together.
  [[nodiscard]] int interrupted() const;

 private:
  std::unique_ptr<ProcessGroup> group_;
  bool sync_ = false;
  std::int64_t batch_size_ = 0;
  std::filesystem::path scratch_;
};

}  // namespace pollard

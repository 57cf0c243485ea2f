// The index of a store: its stages, configurations and results as tables in STORE/index.sqlite
// (index_schema.h), so that ten thousand of them are asked in an instant.
//
// The files are the truth, the index follows them: update() lists the folders, reads what is new or
// has changed, and drops what is gone. An index that is missing or of another version is made anew;
// a damaged one is moved aside to index.sqlite.damaged, with a warning. One that cannot be written
// (a read-only store, a full disk) is made in memory for this once, with a warning too.
//
// One process at a time brings it up to date; others wait for it. Workers never open it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiment/store/configuration.h"
#include "experiment/store/sqlite.h"
#include "experiment/store/store.h"
#include "pollard/progress.h"

namespace pollard {

/// A finished stage, without its settings and results.
struct StageInfo {
  std::string id = {}, parent = {}, kind = {}, label = {}, series = {};  // as in StageRecord
  std::int64_t epochs = 0, steps = 0;
  double seconds = 0;
  std::int64_t bytes = 0;           // of its files
  std::int64_t finished_at = 0;     // seconds since 1970
  std::int64_t configurations = 0;  // that need it
};

struct FailedStage {
  std::string id;
  Failure failure;
};

class Index {
 public:
  /// Opens it and brings it up to date. Both outlive it. Throws Error{Input} where the store's
  /// folder is missing. Files of the store that cannot be read are left out, with a warning each.
  Index(const Store& store, Progress& progress);
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  /// Reads what the store's folder has that the index has not.
  void update();

  /// Finished configurations, in order of their ids.
  [[nodiscard]] std::vector<ResultRow> results();
  /// Finished stages, in the order in which they were finished.
  [[nodiscard]] std::vector<StageInfo> stages();
  /// Those whose last attempt failed, in order of their ids.
  [[nodiscard]] std::vector<FailedStage> failures();

  /// For queries of your own; good until the next call of a function of the index.
  [[nodiscard]] Database& database() { return *database_; }
  /// False where it is lost with this object.
  [[nodiscard]] bool is_kept() const { return kept_; }

 private:
  void open();
  void open_in_memory(const Error& why);
  void move_aside(const Error& why);
  void remove_files();
  // Does it, if need be once more with an index made anew.
  void insist(const std::function<void()>& work);

  const Store& store_;
  Progress& progress_;
  std::filesystem::path file_;
  std::optional<Database> database_;
  bool kept_ = true;
};

}  // namespace pollard

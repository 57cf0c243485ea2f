// What the page of many runs is made of: the configurations of a sweep or of a store, the finished
// ones with their results, and the stages that these share.
//
// Read from the store's files alone, each once, as a finished stage never changes: a page that is
// looked at while a sweep runs takes no lock and writes nothing.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "experiment/store/configuration.h"
#include "experiment/store/index.h"
#include "pollard/progress.h"
#include "report/page/page_curve.h"
#include "report/page/page_jobs.h"

namespace pollard {

struct PageStage {
  std::string kind, label;
  std::int64_t epochs = 0;
  nlohmann::json result;  // as in stage.json
  nlohmann::json environment;
  StageCurve curve;
};

struct PageSource {
  std::string name;
  bool is_sweep = false;          // or a whole store
  std::vector<std::string> axes;  // of the sweep
  std::size_t wanted = 0;         // configurations
  std::size_t failed = 0;         // of these: a stage failed, so they have no result
  std::vector<ResultRow> rows;    // the finished ones; in their order in the sweep, or of ids
  std::map<std::string, std::vector<std::string>> chains;  // of each row's id: its stages
  std::map<std::string, PageStage> stages;                 // that these have
  std::vector<FailedStage> failures;                       // that configurations wait for
  std::optional<SweepProgress> progress;                   // of the sweep
};

class PageReader {
 public:
  /// Of a sweep's folder (it has a sweep.json) or a store's. Throws Error{Input} for others.
  explicit PageReader(const std::filesystem::path& folder);

  /// Reads what is new. What cannot be read is left out, with a warning the first time.
  void update(Progress& progress);
  [[nodiscard]] const PageSource& source() const { return source_; }

  /// Whether it is a sweep's folder or a store's.
  [[nodiscard]] static bool knows(const std::filesystem::path& folder);

 private:
  void read_description();
  void read(const std::string& id);
  const ResultRow& finish(const Configuration& configuration);
  void look_for_failure(const Configuration& configuration);

  std::filesystem::path sweep_;  // "" of a store
  std::optional<Store> store_;
  std::vector<std::string> listed_;  // ids of the sweep's configurations
  std::map<std::string, Configuration> configurations_;
  std::set<std::string> damaged_;  // ids of configurations
  std::map<std::string, ResultRow> finished_;
  PageSource source_;
};

}  // namespace pollard

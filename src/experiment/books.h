// The books of a run: metrics.jsonl and TensorBoard events, written as training goes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "experiment/run_folder.h"
#include "experiment/stages.h"
#include "train/loop.h"

namespace pollard {

/// {"top1": percent, "top5": percent, "loss": mean}
[[nodiscard]] nlohmann::json to_json(const Meters& meters);

/// The stage under way, for the records.
struct StageMark {
  std::size_t index = 0;
  std::string kind;
  double sparsity = 0;          // prunable, a fraction
  std::int64_t first_step = 0;  // steps of the stages before
};

class Books {
 public:
  /// Cuts both logs to these sizes (0 for a new run). `evaluated` is what epochs are evaluated on.
  Books(const RunFolder& folder, std::int64_t metrics_size, std::int64_t events_size,
        std::string evaluated = "test");

  void step(const StageMark& stage, const StepRecord& record);
  void epoch(const StageMark& stage, const EpochRecord& record);
  /// The lines that a stage left in another metrics.jsonl, as if they were written now.
  void repeat(std::string_view lines, std::int64_t first_step);

  [[nodiscard]] std::int64_t metrics_size() const { return metrics_.size(); }
  [[nodiscard]] std::int64_t events_size() const { return events_.size(); }

 private:
  void write(std::int64_t step, const nlohmann::json& record);
  AppendLog metrics_, events_;
  std::string evaluated_;
};

}  // namespace pollard

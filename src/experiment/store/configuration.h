// A configuration that someone wants the results of: the chain of stages that it needs. Kept as
// STORE/configurations/ID.json under the id of its last stage, so that equal ones are one.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/store/stage_record.h"
#include "experiment/store/store.h"

namespace pollard {

struct Configuration {
  Settings settings;                // complete: every setting in effect, defaults too
  std::vector<std::string> stages;  // ids, from the first to the last
  [[nodiscard]] const std::string& id() const { return stages.back(); }
};

/// Keeps it, where it is not kept yet.
void keep_configuration(const Store& store, const Configuration& configuration);
/// All of them, in order of their ids. Throws Error{Input} naming a damaged file.
[[nodiscard]] std::vector<Configuration> configurations(const Store& store);
/// The same one by one: ids in order, the file of one, what it says.
[[nodiscard]] std::vector<std::string> configuration_ids(const Store& store);
[[nodiscard]] std::filesystem::path configuration_file(const Store& store, std::string_view id);
[[nodiscard]] Configuration read_configuration(const Store& store, std::string_view id);

/// A finished configuration, as tables and figures read it.
struct ResultRow {
  std::string id;                          // of its last stage
  Settings settings;                       // "seed" among them
  std::map<std::string, double> measures;  // see measures_of()
};

/// Of a configuration that is finished. Throws as Store::read() does.
[[nodiscard]] ResultRow read_result(const Store& store, const Configuration& configuration);
/// Of those that are finished; stages that they share are read once.
[[nodiscard]] std::vector<ResultRow> read_results(const Store& store,
                                                  std::span<const Configuration> configurations);

/// The numbers of a chain's results (entries of "stages" in result.json): of the last stage top1,
/// top5, loss, sparsity (of the prunable weights, a fraction), model_sparsity, kept, of,
/// theoretical_speedup; of the last pruning pruned_top1 and stability; of the last retraining
/// increase; of the training dense_top1, and dense_seconds where no method but the plain one
/// trained; over all stages seconds, epochs and retrain_epochs. What a chain does not have is
/// missing.
[[nodiscard]] std::map<std::string, double> measures_of(const nlohmann::json& stages);

}  // namespace pollard

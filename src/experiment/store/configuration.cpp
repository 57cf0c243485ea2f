#include "experiment/store/configuration.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path folder_of(const Store& store) { return store.folder() / "configurations"; }

// The number at `pointer`; where the stage has something else there (null), an earlier stage's does
// not stand for it.
void take(std::map<std::string, double>& measures, const std::string& name, const json& result,
          std::string_view pointer) {
  const json::json_pointer place{std::string(pointer)};
  if (!result.contains(place)) return;
  measures.erase(name);
  if (result[place].is_number()) measures[name] = result[place];
}

// `known`: results of stages that were read before.
ResultRow read_row(const Store& store, const Configuration& configuration,
                   std::map<std::string, json>& known) {
  json results = json::array();
  for (const std::string& id : configuration.stages) {
    auto found = known.find(id);
    if (found == known.end()) found = known.emplace(id, store.read(id).result).first;
    results.push_back(found->second);
  }
  return {configuration.id(), configuration.settings, measures_of(results)};
}

}  // namespace

fs::path configuration_file(const Store& store, std::string_view id) {
  return folder_of(store) / (std::string(id) + ".json");
}

void keep_configuration(const Store& store, const Configuration& configuration) {
  const fs::path file = configuration_file(store, configuration.id());
  if (fs::exists(file)) return;
  fs::create_directories(file.parent_path());
  write_file(
      file,
      json{{"format", 1}, {"settings", configuration.settings}, {"stages", configuration.stages}}
              .dump(1) +
          "\n");
}

Configuration read_configuration(const Store& store, std::string_view id) {
  const fs::path file = configuration_file(store, id);
  try {
    const json text = json::parse(read_text(file));
    Configuration configuration{text.at("settings"), text.at("stages")};
    if (!configuration.stages.empty() && configuration.id() == id &&
        std::ranges::all_of(configuration.stages, is_stage_id))
      return configuration;
    throw Error(ErrorCode::Input, "'" + file.string() + "' is of another stage than its name says",
                "remove it: it was moved or copied by hand");
  } catch (const json::exception& error) {
    throw Error(ErrorCode::Input, "'" + file.string() + "' is no configuration: " + error.what(),
                "remove it and start its run or sweep again: it is written anew");
  }
}

std::vector<std::string> configuration_ids(const Store& store) {
  std::vector<std::string> found;
  std::error_code none;  // no store yet: none
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_of(store), none)) {
    std::string id = entry.path().stem();
    if (entry.path().extension() == ".json" && is_stage_id(id)) found.push_back(std::move(id));
  }
  std::ranges::sort(found);
  return found;
}

std::vector<Configuration> configurations(const Store& store) {
  std::vector<Configuration> found;
  for (const std::string& id : configuration_ids(store))
    found.push_back(read_configuration(store, id));
  return found;
}

ResultRow read_result(const Store& store, const Configuration& configuration) {
  std::map<std::string, json> known;
  return read_row(store, configuration, known);
}

std::vector<ResultRow> read_results(const Store& store,
                                    std::span<const Configuration> configurations) {
  std::vector<ResultRow> rows;
  std::map<std::string, json> known;
  for (const Configuration& configuration : configurations) {
    if (store.holds(configuration.id())) rows.push_back(read_row(store, configuration, known));
  }
  return rows;
}

std::map<std::string, double> measures_of(const json& stages) {
  std::map<std::string, double> measures;
  for (const json& stage : stages) {
    const std::string kind = stage.value("kind", "");
    measures["seconds"] += stage.value("seconds", 0.0);
    measures["epochs"] += stage.value("epochs", 0.0);
    measures["retrain_epochs"] += kind == "retrain" ? stage.value("epochs", 0.0) : 0.0;
    for (const char* name : {"top1", "top5", "loss"})
      take(measures, name, stage, std::string("/test/") + name);
    if (kind == "train") take(measures, "dense_top1", stage, "/test/top1");
    if (kind == "train" && stage.value("method", "") == "dense")
      measures["dense_seconds"] += stage.value("seconds", 0.0);
    if (kind == "prune") {
      take(measures, "pruned_top1", stage, "/test/top1");
      take(measures, "stability", stage, "/stability");
    }
    if (kind == "retrain") take(measures, "increase", stage, "/increase");
    take(measures, "sparsity", stage, "/sparsity/prunable");
    take(measures, "model_sparsity", stage, "/sparsity/model");
    take(measures, "kept", stage, "/sparsity/kept");
    take(measures, "of", stage, "/sparsity/of");
    take(measures, "theoretical_speedup", stage, "/theoretical_speedup");
  }
  return measures;
}

}  // namespace pollard

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

Configuration read_configuration(const fs::path& file) {
  try {
    const json text = json::parse(read_text(file));
    Configuration configuration{text.at("settings"), text.at("stages")};
    if (!configuration.stages.empty() && configuration.id() == file.stem()) return configuration;
    throw Error(ErrorCode::Input, "'" + file.string() + "' is of another stage than its name says",
                "remove it: it was moved or copied by hand");
  } catch (const json::exception& error) {
    throw Error(ErrorCode::Input, "'" + file.string() + "' is no configuration: " + error.what(),
                "remove it and start its run or sweep again: it is written anew");
  }
}

// Copies result[from...] where it is a number.
void take(std::map<std::string, double>& measures, const std::string& name, const json& result,
          std::string_view pointer) {
  const json::json_pointer place{std::string(pointer)};
  if (result.contains(place) && result[place].is_number()) measures[name] = result[place];
}

}  // namespace

void keep_configuration(const Store& store, const Configuration& configuration) {
  const fs::path file = folder_of(store) / (configuration.id() + ".json");
  if (fs::exists(file)) return;
  fs::create_directories(file.parent_path());
  write_file(
      file,
      json{{"format", 1}, {"settings", configuration.settings}, {"stages", configuration.stages}}
              .dump(1) +
          "\n");
}

std::vector<Configuration> configurations(const Store& store) {
  std::vector<Configuration> found;
  std::error_code none;  // no store yet: none
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_of(store), none)) {
    if (is_stage_id(entry.path().stem().string()) && entry.path().extension() == ".json")
      found.push_back(read_configuration(entry.path()));
  }
  std::ranges::sort(found, {}, [](const Configuration& c) { return c.id(); });
  return found;
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

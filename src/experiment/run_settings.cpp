// Which folder a run has, and with which settings it goes on.
#include <fmt/format.h>

#include <string>

#include "experiment/runner.h"
#include "experiment/setup.h"
#include "pollard/error.h"

namespace pollard {

namespace fs = std::filesystem;

Config resumed_config(const Config& given, const fs::path& folder) {
  const fs::path file = folder / "config.toml";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    given.check_effective();
    return given;
  }
  Config saved(given.table());
  saved.read_toml(file);
  for (const std::string& key : given.given_keys()) {
    const Parameter& parameter = *given.table().find(key);
    const std::string then = to_text(saved.value(key)), now = to_text(given.value(key));
    if (parameter.identity && then != now) {
      throw Error(ErrorCode::Config,
                  fmt::format("'{}' is {} but the run in '{}' was started with {}", key, now,
                              folder.string(), then),
                  "resume without changing it, or start a new run in another folder with out=DIR");
    }
    if (then != now) saved.apply(key + "=" + now);
  }
  return saved;
}

fs::path run_folder_path(const Config& config, const fs::path& config_file, ChainKind chain) {
  if (!config.text("out").empty()) return config.text("out");
  std::string model = config.text("model");
  if (model_is_a_file(config)) model = fs::path(model).stem().string();
  const std::string name =
      config_file.empty() ? model + "-" + config.text("data") : config_file.stem().string();
  const std::string_view part = chain == ChainKind::TrainOnly       ? "-train"
                                : chain == ChainKind::PruneImport   ? "-prune"
                                : chain == ChainKind::RetrainImport ? "-retrain"
                                                                    : "";
  return fs::path("runs") / (name + std::string(part));
}

}  // namespace pollard

// The configuration from the command line, and `pollard parameters`.
#include <fmt/format.h>

#include "experiment/network_copy.h"
#include "experiment/parameters.h"
#include "pollard/error.h"
#include "verbs.h"

namespace pollard::app {

const ParameterTable& parameters_of(std::string_view verb) {
  return verb == "bench" ? all_parameters() : parameter_table();
}

namespace {

Config read_over(const ParameterTable& table, const Arguments& arguments) {
  Config config(table);
  if (!arguments.config_file.empty()) config.read_toml(arguments.config_file);
  for (const std::string& word : arguments.overrides) config.apply(word);
  return config;
}

// Of a configuration that cannot be read: known keys that no run has are an error of their own, not
// "unknown key".
void refuse_keys_of_bench(const Arguments& arguments) {
  for (const std::string& key : read_over(all_parameters(), arguments).given_keys()) {
    if (parameter_table().find(key) == nullptr) refuse_without_effect(key, arguments.verb);
  }
}

Config read_of_verb(const Arguments& arguments) {
  try {
    return read_over(parameters_of(arguments.verb), arguments);
  } catch (const Error&) {
    if (arguments.verb != "bench") refuse_keys_of_bench(arguments);
    throw;
  }
}

}  // namespace

Config read_config(const Arguments& arguments) {
  if (!arguments.config_file.empty() && !std::filesystem::exists(arguments.config_file)) {
    throw Error(ErrorCode::Usage, "no configuration file '" + arguments.config_file.string() + "'",
                "parameters are given as key=value");
  }
  Config config = read_of_verb(arguments);
  // A resumed run's other settings are in its folder.
  if (!arguments.resume) config.check_effective();
  return config;
}

void take_names(Config& config, const Safetensors& weights) {
  for (const auto& [key, name] : {std::pair("model", "model"), std::pair("data", "dataset")}) {
    if (config.given(key) || !weights.metadata.contains(name)) continue;
    const std::string& note = weights.metadata.at(name);
    config.apply(std::string(key) + "=" + noted_model(note, config.text("weights")));
  }
}

int parameters(const Arguments& arguments) {
  fmt::print("{}", arguments.markdown ? parameters_markdown(all_parameters())
                                      : help_text(all_parameters()));
  return 0;
}

}  // namespace pollard::app

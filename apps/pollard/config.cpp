// The configuration from the command line, and `pollard parameters`.
#include <fmt/format.h>

#include "experiment/parameters.h"
#include "pollard/error.h"
#include "verbs.h"

namespace pollard::app {

const ParameterTable& parameters_of(std::string_view verb) {
  return verb == "bench" ? all_parameters() : parameter_table();
}

Config read_config(const Arguments& arguments) {
  Config config(parameters_of(arguments.verb));
  if (!arguments.config_file.empty()) {
    if (!std::filesystem::exists(arguments.config_file)) {
      throw Error(ErrorCode::Usage,
                  "no configuration file '" + arguments.config_file.string() + "'",
                  "parameters are given as key=value");
    }
    config.read_toml(arguments.config_file);
  }
  for (const std::string& word : arguments.overrides) config.apply(word);
  // A resumed run's other settings are in its folder.
  if (!arguments.resume) config.check_effective();
  return config;
}

int parameters(const Arguments& arguments) {
  fmt::print("{}", arguments.markdown ? parameters_markdown(all_parameters())
                                      : help_text(all_parameters()));
  return 0;
}

}  // namespace pollard::app

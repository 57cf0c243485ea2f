// The configuration from the command line, and `pollard parameters`.
#include <fmt/format.h>

#include "experiment/parameters.h"
#include "pollard/error.h"
#include "verbs.h"

namespace pollard::app {

Config read_config(const Arguments& arguments) {
  Config config(parameter_table());
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
  fmt::print("{}", arguments.markdown ? parameters_markdown(parameter_table())
                                      : help_text(parameter_table()));
  return 0;
}

}  // namespace pollard::app

// The verbs of the command, one file each.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/parameters.h"
#include "pollard/progress.h"

namespace pollard::app {

/// What stands on the command line after the verb.
struct Arguments {
  std::string verb;
  bool computes = false;               // the verb keeps all threads busy
  std::filesystem::path config_file;   // "" without one
  std::vector<std::string> overrides;  // key=value
  bool resume = false;
  bool quiet = false;
  bool markdown = false;       // parameters
  std::filesystem::path file;  // inspect: a model file; report: a run's folder
};

/// Those that the verb takes.
[[nodiscard]] const ParameterTable& parameters_of(std::string_view verb);

/// Defaults, the file, the overrides; checked.
[[nodiscard]] Config read_config(const Arguments& arguments);

// Each returns the exit status.
int run(const Arguments& arguments, Progress& progress);  // run, train, prune, retrain
int evaluate(const Arguments& arguments, Progress& progress);
int bench(const Arguments& arguments, Progress& progress);
int plan(const Arguments& arguments, Progress& progress);
int inspect(const Arguments& arguments);
int report(const Arguments& arguments, Progress& progress);
int parameters(const Arguments& arguments);

}  // namespace pollard::app

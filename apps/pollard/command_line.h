// What the user typed.
#pragma once

#include <optional>

#include "verbs.h"

namespace pollard::app {

/// No arguments where the command line answered itself (--help, --version): then `status` is the
/// exit status.
struct CommandLine {
  std::optional<Arguments> arguments;
  int status = 0;
};

/// Prints help and version. Throws Error{Usage} for what it does not understand.
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

/// Calls the verb.
int dispatch(const Arguments& arguments);

}  // namespace pollard::app

// pollard VERB [config.toml] [key=value ...]: reads the command line, calls the verb, turns errors
// into one line and an exit status.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "command_line.h"
#include "core/interrupt.h"
#include "passive_threads.h"
#include "pollard/error.h"
#include "verbs.h"

namespace {

int failed(const std::string& message, int status) {
  fmt::print(stderr, "pollard: error: {}\n", message);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace pollard;
  try {
    const auto parsed = app::parse_command_line(argc, argv);
    if (!parsed.arguments) return parsed.status;
    if (parsed.arguments->computes) app::wait_passively(argv);
    return app::dispatch(*parsed.arguments);
  } catch (const Error& error) {
    const bool stopped = error.code() == ErrorCode::Interrupted && interrupted() != 0;
    return failed(one_line(error), stopped ? 128 + interrupted() : exit_status(error.code()));
  } catch (const std::exception& error) {
    const std::string text = error.what();
    return failed(text.substr(0, text.find('\n')), 1);
  }
}
